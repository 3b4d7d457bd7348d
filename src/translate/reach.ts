/** What a subscription and its mapping can read from an event. */
export interface Reach {
  /** The top-level keys of the event. */
  keys: readonly string[]
  /** Those of them that are only copied whole into an object field of the payload, and not read anywhere else. */
  whole: ReadonlySet<string>
}

/** A path of plain names, which the mapping kit only splits at the dots. */
const SIMPLE_PATH = /^\$\.([A-Za-z]\w*)(\.\w+)*$/

/** Every top-level key that a trigger can read. */
const FQL_KEYS = ['type', 'event', 'name', 'userId', 'context', 'properties', 'traits']

/**
 * Undefined if it cannot be known: the mapping uses more than literals, paths of plain names and `@if`.
 * `objectFields` are the fields of the action that accept any object.
 */
export function reachOf(
  subscribe: string,
  mapping: Readonly<Record<string, unknown>>,
  objectFields: ReadonlySet<string>
): Reach | undefined {
  // May be more than it reads: a key's name may occur in a string that the trigger compares with.
  const keys = new Set(FQL_KEYS.filter((key) => subscribe.includes(key)))
  const whole = new Set<string>()
  const rest: unknown[] = []
  for (const [field, value] of Object.entries(mapping)) {
    const key = objectFields.has(field) ? wholeKey(value) : undefined
    if (key === undefined) rest.push([value])
    else whole.add(key)
    if (field.startsWith('@') || field.startsWith('__segment')) return undefined
  }
  if (!rest.every((value) => collect(value, keys))) return undefined
  for (const key of keys) whole.delete(key)
  return { keys: [...keys, ...whole], whole }
}

function wholeKey(value: unknown): string | undefined {
  const path = isObject(value) && Object.keys(value).length === 1 ? value['@path'] : undefined
  if (typeof path !== 'string') return undefined
  const [, key, below] = SIMPLE_PATH.exec(path) ?? []
  return below === undefined ? key : undefined
}

/** Adds the keys that resolving `value` reads; false if they cannot be known. */
function collect(value: unknown, keys: Set<string>): boolean {
  if (Array.isArray(value)) return value.every((item) => collect(item, keys))
  if (!isObject(value)) return true
  return Object.entries(value).every(([name, argument]) => {
    switch (name) {
      case '@path': {
        const [, key] = typeof argument === 'string' ? (SIMPLE_PATH.exec(argument) ?? []) : []
        if (key === undefined) return false
        keys.add(key)
        return true
      }
      case '@if':
      case '@literal':
        return collect(argument, keys)
      default:
        return !name.startsWith('@') && collect(argument, keys)
    }
  })
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
