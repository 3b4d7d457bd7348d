import {
  isLookedInto,
  isNesting,
  toPropertyValue,
  type NestedProperties,
  type PropertyValue
} from './nested-properties'
import { isAllowedName, joinNames } from './property-names'

/**
 * The properties, or an object nested in them: its name (the outermost has none), and how many names that is made of.
 */
interface Nested {
  name: string | undefined
  value: Readonly<Record<string, unknown>>
  depth: number
}

/**
 * Converts traits to properties, a flat record of strings, numbers, booleans and nulls:
 *
 * - Strings, finite numbers, booleans and `null` stay as they are. A `null` replaces the value that Dopt has.
 * - A `Date` becomes ISO 8601 text.
 * - `undefined`, functions, symbols, bigints, `NaN`, infinities and invalid dates are left out.
 * - Nested values are treated as `mode` says:
 *   - `flatten`: an object's properties get names joined with `_`: `{ address: { city: 'Rome' } }` becomes `{
 *     address_city: 'Rome' }`. An empty object yields nothing. An array becomes its JSON text. A name joins at most 32
 *     names; an object nested deeper, or with a name of more than 256 characters, becomes its JSON text.
 *   - `stringify`: an object or array becomes its JSON text, under its own name.
 *   - `drop`: objects and arrays are left out.
 * - If two values claim one name, the one nested less deeply wins; at equal depth, the first one.
 * - The names `__dopt_identifier`, which would overwrite the user's identity, and `__proto__` are left out at every
 *   level.
 *
 * Only own enumerable keys count. Values that cannot be written as JSON (a cycle, a bigint in an array, nesting too
 * deep for the stack) are left out. The result is a new object, with its names in order of depth.
 */
export function flattenProperties(properties: object, mode: NestedProperties): Record<string, PropertyValue> {
  const result: Record<string, PropertyValue> = {}
  const claimed = new Set<string>()
  const nested: Nested[] = isNesting(properties) ? [{ name: undefined, value: properties, depth: 0 }] : []
  // Level by level: the first value to claim a name keeps it. The list grows while it is iterated.
  for (const { name: parent, value: source, depth } of nested) {
    for (const key of Object.keys(source)) {
      const value = source[key]
      const name = joinNames(parent, key)
      if (isLookedInto(value, mode, name, depth + 1)) {
        nested.push({ name, value, depth: depth + 1 })
        continue
      }
      const plain = toPropertyValue(value, mode)
      if (plain === undefined || !isAllowedName(name) || claimed.has(name)) continue
      claimed.add(name)
      result[name] = plain
    }
  }
  return result
}
