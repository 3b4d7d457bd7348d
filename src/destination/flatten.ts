import { MAX_FLATTEN_DEPTH } from './limits'
import { IDENTIFIER_KEY } from './wire'

/** What Dopt's targeting understands as the value of a property. */
export type PropertyValue = string | number | boolean | null

/** What becomes of nested values: see `flattenProperties`. */
export type NestedProperties = 'flatten' | 'stringify' | 'drop'

/** The choice of the field `nested_properties`; whatever it does not offer is its default. */
export function toNestedProperties(choice: string | undefined): NestedProperties {
  return choice === 'stringify' || choice === 'drop' ? choice : 'flatten'
}

/** An object within the properties, the name under which it was found, and how many names that is made of. */
interface Nested {
  name: string
  value: Readonly<Record<string, unknown>>
  depth: number
}

/**
 * Makes properties out of traits, a flat record of strings, numbers, booleans and nulls:
 *
 * - Strings, finite numbers, booleans and `null` stay as they are. A `null` replaces the value that Dopt has.
 * - A `Date` becomes ISO 8601 text.
 * - `undefined`, functions, symbols, bigints, `NaN`, infinities and invalid dates are left out.
 * - Nested values are treated as `mode` says:
 *   - `flatten`: an object's properties get names joined with `_`: `{ address: { city: 'Rome' } }` becomes
 *     `{ address_city: 'Rome' }`. An empty object yields nothing. An array becomes its JSON text. A name is made of at
 *     most 32 names; an object nested deeper becomes its JSON text.
 *   - `stringify`: an object or array becomes its JSON text, under its own name.
 *   - `drop`: objects and arrays are left out.
 * - Where two values claim one name, the one nested less deeply wins; at equal depth, the one that comes first.
 * - The names `__dopt_identifier`, which would overwrite the identity of the user, and `__proto__` are left out,
 *   wherever they come from.
 *
 * Only the object's own enumerable keys count. What has no JSON text (a cycle, a bigint in an array, nesting too deep for
 * the stack) is left out. The result is a new object; names in it come in the order of their depth.
 */
export function flattenProperties(properties: object, mode: NestedProperties): Record<string, PropertyValue> {
  const result: Record<string, PropertyValue> = {}
  for (const [name, value] of flatten(properties, mode)) result[name] = value
  return result
}

/**
 * The JSON text of what `flattenProperties` makes of traits, made without the object. Traits that are flat already, as
 * most are, need no copy at all.
 */
export function flattenToText(properties: object, mode: NestedProperties): string {
  if (isFlat(properties)) return JSON.stringify(properties)
  let text = ''
  for (const [name, value] of flatten(properties, mode)) {
    text += `${text === '' ? '{' : ','}${quote(name)}:${typeof value === 'string' ? quote(value) : String(value)}`
  }
  return text === '' ? '{}' : `${text}}`
}

/** As `JSON.stringify`, which has to be called only where there may be something to escape. */
function quote(text: string): string {
  return NEEDS_NO_ESCAPE.test(text) ? `"${text}"` : JSON.stringify(text)
}

const NEEDS_NO_ESCAPE = /^[\w @.,:+/-]*$/

/** By depth, then in the order of their object. (Only a name on top can be that of an index, which objects put first.) */
function flatten(properties: object, mode: NestedProperties): Map<string, PropertyValue> {
  const result = new Map<string, PropertyValue>()
  const nested: Nested[] = []
  if (isPlainNesting(properties)) collect(properties, '', 1, mode, result, nested)
  // Level by level: whatever claims a name first keeps it. The queue grows while it is walked.
  for (const { name, value, depth } of nested) collect(value, `${name}_`, depth + 1, mode, result, nested)
  return result
}

/** Whether the text of an object is that of its properties. What is undefined has no JSON text, and is left out either way. */
function isFlat(properties: object): boolean {
  if (!isPlainNesting(properties) || typeof properties.toJSON === 'function') return false
  for (const key of Object.keys(properties)) {
    if (!isFlatValue(properties[key]) || key === IDENTIFIER_KEY || key === '__proto__') return false
  }
  return true
}

function isFlatValue(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  return typeof value === 'string' || typeof value === 'boolean' || value === null || value === undefined
}

/** Writes the plain values of one object to `result` and puts the objects within it at the end of `nested`. */
function collect(
  source: Readonly<Record<string, unknown>>,
  prefix: string,
  depth: number,
  mode: NestedProperties,
  result: Map<string, PropertyValue>,
  nested: Nested[]
): void {
  for (const key of Object.keys(source)) {
    const value = source[key]
    const name = prefix === '' ? key : prefix + key
    if (mode === 'flatten' && depth < MAX_FLATTEN_DEPTH && isPlainNesting(value)) {
      nested.push({ name, value, depth })
      continue
    }
    const plain = toPropertyValue(value, mode)
    if (plain !== undefined && isAllowed(name) && !result.has(name)) result.set(name, plain)
  }
}

function isAllowed(name: string): boolean {
  return name !== IDENTIFIER_KEY && name !== '__proto__'
}

function isPlainNesting(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

/** `undefined` for what is left out. */
function toPropertyValue(value: unknown, mode: NestedProperties): PropertyValue | undefined {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value !== 'object') return undefined
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString()
  return mode === 'drop' ? undefined : jsonText(value)
}

function jsonText(value: object): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    // JSON.stringify recurses: thousands of levels overflow its stack.
    return undefined
  }
}
