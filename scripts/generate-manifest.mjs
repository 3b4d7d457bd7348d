/**
 * Writes manifest.json, the metadata of the destination in the form in which Segment publishes it: everything that the
 * definition says, without its functions; what it leaves out is null or false. Run it after a build; with --check it
 * only compares.
 */
import { loadDestination, readOptions, writeOrCheck } from './generated-file.mjs'

const options = readOptions()
const { destination } = loadDestination(options.from)
const text = `${JSON.stringify(manifestOf(destination), null, 2)}\n`
writeOrCheck({ 'manifest.json': text }, { check: options.check, script: 'scripts/generate-manifest.mjs' })

function manifestOf({ slug, name, mode, description, authentication, actions, presets }) {
  return {
    slug,
    name,
    mode,
    description,
    authentication: { scheme: authentication.scheme, fields: mapValues(authentication.fields, authField) },
    // Dopt has no audiences to build, sync modes to choose, hooks or dynamic fields.
    audienceConfig: null,
    actions: mapValues(actions, actionOf),
    presets: (presets ?? []).map(presetOf)
  }
}

function actionOf(action) {
  return {
    title: action.title,
    description: action.description,
    platform: action.platform ?? 'cloud',
    defaultSubscription: action.defaultSubscription ?? null,
    hidden: action.hidden ?? false,
    hasPerformBatch: typeof action.performBatch === 'function',
    syncMode: null,
    hooks: null,
    dynamicFields: null,
    fields: mapValues(action.fields, actionField)
  }
}

function authField(field) {
  return {
    label: field.label,
    description: field.description,
    type: field.type,
    required: field.required ?? false,
    multiple: field.multiple ?? false,
    choices: choicesOf(field),
    default: field.default ?? null,
    depends_on: field.depends_on ?? null
  }
}

function actionField(field) {
  return {
    label: field.label,
    description: field.description,
    type: field.type,
    required: field.required ?? false,
    multiple: field.multiple ?? false,
    allowNull: field.allowNull ?? false,
    dynamic: field.dynamic ?? false,
    default: field.default ?? null,
    choices: choicesOf(field),
    placeholder: field.placeholder ?? null,
    properties: field.type === 'object' && field.properties ? mapValues(field.properties, actionField) : null,
    category: field.category ?? null,
    depends_on: field.depends_on ?? null,
    readOnly: field.readOnly ?? null,
    hidden: field.unsafe_hidden ?? null,
    minimum: field.minimum ?? null,
    maximum: field.maximum ?? null,
    defaultObjectUI: field.defaultObjectUI ?? null,
    disabledInputMethods: field.disabledInputMethods ?? null,
    displayMode: field.displayMode ?? null,
    format: field.format ?? null,
    additionalProperties: field.additionalProperties ?? false
  }
}

/** A choice may be a bare string, which is its own label. */
function choicesOf({ choices }) {
  return choices?.map((choice) => (typeof choice === 'string' ? { label: choice, value: choice } : choice)) ?? null
}

function presetOf(preset) {
  return {
    name: preset.name,
    type: preset.type,
    partnerAction: preset.partnerAction,
    subscribe: preset.subscribe ?? null,
    mapping: preset.mapping ?? {},
    eventSlug: preset.eventSlug ?? null
  }
}

function mapValues(record, change) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}
