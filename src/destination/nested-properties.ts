import { MAX_FLATTEN_DEPTH } from './limits'

/** What Dopt's targeting understands as the value of a property. */
export type PropertyValue = string | number | boolean | null

/** What becomes of nested values: see `flattenProperties`. */
export type NestedProperties = 'flatten' | 'stringify' | 'drop'

/** The choice of the field `nested_properties`; whatever it does not offer is its default. */
export function toNestedProperties(choice: string | undefined): NestedProperties {
  return choice === 'stringify' || choice === 'drop' ? choice : 'flatten'
}

/** Whether an object's own properties become properties. `depth` is how many names its own is made of. */
export function isLookedInto(
  value: unknown,
  mode: NestedProperties,
  depth: number
): value is Readonly<Record<string, unknown>> {
  return mode === 'flatten' && depth < MAX_FLATTEN_DEPTH && isNesting(value)
}

export function isNesting(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

/** `undefined` for what is left out. */
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
