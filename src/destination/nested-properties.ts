import { MAX_FLATTEN_DEPTH, MAX_FLATTEN_NAME_LENGTH } from './limits'

/** The property values that Dopt's targeting supports. */
export type PropertyValue = string | number | boolean | null

/** How to treat nested values: see `flattenProperties`. */
export type NestedProperties = 'flatten' | 'stringify' | 'drop'

/** The value of the field `nested_properties`; anything unknown is the default. */
export function toNestedProperties(choice: string | undefined): NestedProperties {
  return choice === 'stringify' || choice === 'drop' ? choice : 'flatten'
}

/** Whether the value is an object whose own properties become properties. `depth`: how many names `name` joins. */
export function isLookedInto(
  value: unknown,
  mode: NestedProperties,
  name: string,
  depth: number
): value is Readonly<Record<string, unknown>> {
  return mode === 'flatten' && depth < MAX_FLATTEN_DEPTH && name.length <= MAX_FLATTEN_NAME_LENGTH && isNesting(value)
}

export function isNesting(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

/** `undefined` if it is left out. */
export function toPropertyValue(value: unknown, mode: NestedProperties): PropertyValue | undefined {
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
