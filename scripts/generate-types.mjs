/**
 * Writes the types of the settings and of each action's payload from their fields, as Segment's own command-line tool
 * (`generate:types`) does. Run it after a build; with --check it only compares.
 */
import { compile } from 'json-schema-to-typescript'
import { resolveConfig } from 'prettier'
import { loadDestination, readOptions, writeOrCheck } from './generated-file.mjs'

const options = readOptions()
const { destination, actionsCore } = loadDestination(options.from)
const folder = 'src/destination'
const style = await resolveConfig(new URL(import.meta.url))

const contents = { [`${folder}/generated-types.ts`]: await typesOf(destination.authentication.fields, 'Settings') }
for (const [key, action] of Object.entries(destination.actions)) {
  contents[`${folder}/${kebabCase(key)}/generated-types.ts`] = await typesOf(action.fields, 'Payload')
}
writeOrCheck(contents, { check: options.check, script: 'scripts/generate-types.mjs' })

function typesOf(fields, name) {
  return compile(withoutExtras(actionsCore.fieldsToJsonSchema(fields, { tsType: true })), name, {
    bannerComment: '// Generated file. DO NOT MODIFY IT BY HAND.',
    style
  })
}

/** Titles would become types of their own, and choices unions of literals; Segment's generated types have neither. */
function withoutExtras(schema) {
  const copy = { ...schema }
  delete copy.title
  delete copy.enum
  if (copy.properties) copy.properties = mapValues(copy.properties, withoutExtras)
  if (copy.items) copy.items = withoutExtras(copy.items)
  return copy
}

function mapValues(record, change) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}

/** Action `identifyUser` lives in the folder `identify-user`. */
function kebabCase(key) {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
