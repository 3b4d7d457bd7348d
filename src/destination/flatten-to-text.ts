import { flattenProperties } from './flatten'
import { isLookedInto, isNesting, toPropertyValue, type NestedProperties } from './nested-properties'
import { PropertyNames, type PropertyName } from './property-names'

/** Longer names are unlikely to be in every event. */
const MAX_REMEMBERED_LENGTH = 128

const names = new PropertyNames(2_000, MAX_REMEMBERED_LENGTH)

/** The properties, or an object nested in them, with its name (the outermost has none). */
interface Nested {
  name: PropertyName | undefined
  value: Readonly<Record<string, unknown>>
}

/** The JSON text of the result of `flattenProperties`, without creating that object. */
export function flattenToText(properties: object, mode: NestedProperties): string {
  return writeInOneGo(properties, mode) ?? JSON.stringify(flattenProperties(properties, mode))
}

/** As long as no two values claim one name, the text can be written in the order in which the values are found. */
function writeInOneGo(properties: object, mode: NestedProperties): string | undefined {
  if (!isNesting(properties)) return '{}'
  names.begin()
  let text = ''
  const nested: Nested[] = [{ name: undefined, value: properties }]
  // Level by level, like flattenProperties. The list grows while it is iterated.
  for (const { name: parent, value: source } of nested) {
    for (const key of Object.keys(source)) {
      const value = source[key]
      const name = names.find(parent, key)
      if (name === undefined) return undefined
      if (isLookedInto(value, mode, name.name, name.depth)) {
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

/** `undefined` if it is left out. */
function valueText(value: unknown, mode: NestedProperties): string | undefined {
  const list = mode !== 'drop' && Array.isArray(value) ? listText(value) : undefined
  if (list !== undefined) return list
  const plain = toPropertyValue(value, mode)
  return typeof plain === 'string' ? quote(plain) : plain === undefined ? undefined : String(plain)
}

const NEEDS_NO_ESCAPE = /^[\w @.,:+/-]*$/

/**
 * The JSON text of a list, itself as a JSON string, if it is a list of strings with nothing to escape, such as tags:
 * avoids calling JSON.stringify twice. `undefined` for any other list.
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

/** Like `JSON.stringify`, which is called only if there may be something to escape. */
function quote(text: string): string {
  return NEEDS_NO_ESCAPE.test(text) ? `"${text}"` : JSON.stringify(text)
}
