import { flattenProperties } from './flatten'
import { isLookedInto, isNesting, toPropertyValue, type NestedProperties } from './nested-properties'
import { PropertyNames, type PropertyName } from './property-names'

/** Longer ones are no names that traits have in every event. */
const MAX_REMEMBERED_LENGTH = 128

const names = new PropertyNames(2_000, MAX_REMEMBERED_LENGTH)

/** An object among the properties, or in one of them, with its name where it has one. */
interface Nested {
  name: PropertyName | undefined
  value: Readonly<Record<string, unknown>>
}

/** The JSON text of what `flattenProperties` makes of traits, made without the object. */
export function flattenToText(properties: object, mode: NestedProperties): string {
  return writeInOneGo(properties, mode) ?? JSON.stringify(flattenProperties(properties, mode))
}

/** As long as no name is claimed twice, the text can be written in the order in which the values are found. */
function writeInOneGo(properties: object, mode: NestedProperties): string | undefined {
  if (!isNesting(properties)) return '{}'
  names.begin()
  let text = ''
  const nested: Nested[] = [{ name: undefined, value: properties }]
  // Level by level, as flattenProperties does. The list grows while it is walked.
  for (const { name: parent, value: source } of nested) {
    for (const key of Object.keys(source)) {
      const value = source[key]
      const name = names.find(parent, key)
      if (name === undefined) return undefined
      if (isLookedInto(value, mode, name.depth)) {
        nested.push({ name, value })
        continue
      }
      const written = valueText(value, mode)
      if (written === undefined || !name.isAllowed) continue
      if (name.isContested) return undefined
      text += `${text === '' ? '{' : ','}${name.label}${written}`
    }
  }
  return text === '' ? '{}' : `${text}}`
}

/** `undefined` for what is left out. */
function valueText(value: unknown, mode: NestedProperties): string | undefined {
  const list = mode !== 'drop' && Array.isArray(value) ? listText(value) : undefined
  if (list !== undefined) return list
  const plain = toPropertyValue(value, mode)
  return typeof plain === 'string' ? quote(plain) : plain === undefined ? undefined : String(plain)
}

const NEEDS_NO_ESCAPE = /^[\w @.,:+/-]*$/

/**
 * The JSON text of a list, as a JSON string, where it is a list of texts without anything to escape, as tags are: made
 * without JSON.stringify, which would have to be called twice. `undefined` for any other list.
 */
function listText(list: readonly unknown[]): string | undefined {
  if ('toJSON' in list) return undefined
  let text = ''
  for (const item of list) {
    if (typeof item !== 'string' || !NEEDS_NO_ESCAPE.test(item)) return undefined
    text += text === '' ? `\\"${item}\\"` : `,\\"${item}\\"`
  }
  return `"[${text}]"`
}

/** As `JSON.stringify`, which has to be called only where there may be something to escape. */
function quote(text: string): string {
  return NEEDS_NO_ESCAPE.test(text) ? `"${text}"` : JSON.stringify(text)
}
