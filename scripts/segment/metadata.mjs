/** The metadata of a destination as Segment publishes it; every key of it, in its order. */
export function metadataOf({ slug, name, mode, description, authentication, actions, presets }) {
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
    required: requiredOf(field),
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
    required: requiredOf(field),
    multiple: field.multiple ?? false,
    allowNull: field.allowNull ?? false,
    dynamic: typeof field.dynamic === 'function' ? true : (field.dynamic ?? false),
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

/** True or false, or the conditions under which a field is required. */
function requiredOf({ required }) {
  return typeof required === 'object' && required !== null ? required : required === true
}

/** A choice may be a bare value, which is its own label. No choices are none. */
function choicesOf({ choices }) {
  if (!Array.isArray(choices) || choices.length === 0) return null
  return choices.map((choice) =>
    typeof choice === 'object' && choice !== null && 'label' in choice && 'value' in choice
      ? choice
      : { label: String(choice), value: choice }
  )
}

function presetOf(preset) {
  return {
    name: preset.name,
    type: preset.type,
    partnerAction: preset.partnerAction,
    // A preset for a specific event has none, and the key is left out.
    subscribe: preset.subscribe,
    mapping: preset.mapping ?? {},
    eventSlug: preset.eventSlug ?? null
  }
}

function mapValues(record, change) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}
