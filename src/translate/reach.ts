/** What a subscription and its mapping can read of an event. */
export interface Reach {
  /** The top-level keys of the event. */
  keys: readonly string[]
  /** Those of them that go into an object field of the payload whole, and are not looked into anywhere. */
  whole: ReadonlySet<string>
}

/** A path of plain names, which the mapping kit splits at its dots and in no other way. */
const SIMPLE_PATH = /^\$\.([A-Za-z]\w*)(\.\w+)*$/

/** Everything that a trigger can ask of an event. */
const FQL_KEYS = ['type', 'event', 'name', 'userId', 'context', 'properties', 'traits']

/**
 * Undefined where that cannot be told: the mapping uses more than literals, paths of plain names and `@if`.
 * `objectFields` are the fields of the action that take an object as it is.
 */
export function reachOf(
  subscribe: string,
  mapping: Readonly<Record<string, unknown>>,
  objectFields: ReadonlySet<string>
): Reach | undefined {
  // More than it reads, if anything: a key may be named in a text that the trigger compares with.
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

/** Adds the keys that resolving `value` reads; false where they cannot be told. */
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
