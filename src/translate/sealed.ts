/** Deeper values are not sealed: the pipeline has limits of its own for them, such as the stack. */
const MAX_DEPTH = 32

/**
 * A value that the pipeline passes from the event to the payload without copying it. actions-core deep-copies every
 * object that a mapping yields, to drop undefined values; for traits that costs more than the rest of the pipeline
 * together. It treats anything with another `Symbol.toStringTag` as a single value, while validation still sees an
 * object.
 */
export class Sealed {
  private constructor(readonly value: object) {}

  static {
    Object.defineProperty(this.prototype, Symbol.toStringTag, { value: 'Sealed' })
  }

  /** The value, sealed if a copy would be the same; otherwise the value itself. */
  static seal(value: unknown): unknown {
    return isPlainObject(value) && isPlain(value, MAX_DEPTH) ? new Sealed(value) : value
  }
}

/** Whether it is an object such as a literal or `JSON.parse` creates, which can be copied without loss. */
function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/**
 * Whether it consists only of JSON values and undefined (which flattening drops too). Anything else (dates, class
 * instances, functions) is copied, with the same result as in Segment's cloud. Reading may throw.
 */
function isPlain(value: object, depth: number): boolean {
  if (depth === 0) return false
  if (Array.isArray(value)) {
    const list: readonly unknown[] = value
    return list.every((item) => isPlainValue(item, depth))
  }
  if (!isPlainObject(value)) return false
  // In a copy, __proto__ would become the prototype.
  for (const key in value) if (key === '__proto__' || !isPlainValue(value[key], depth)) return false
  return true
}

function isPlainValue(value: unknown, depth: number): boolean {
  const type = typeof value
  if (type === 'string' || type === 'number' || type === 'boolean' || value === undefined || value === null) return true
  return typeof value === 'object' && isPlain(value, depth - 1)
}
