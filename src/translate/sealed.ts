/** Deeper values are not looked into: whoever meets them has limits of their own, such as the stack. */
const MAX_DEPTH = 32

/**
 * A value that the pipeline carries from the event into the payload without looking into it. actions-core copies every
 * object that a mapping yields, level by level, to drop what is undefined, which for traits costs more than all the rest
 * of the pipeline. It takes what calls itself something else than an object for a single value, and validation takes it
 * for the object that it is.
 */
export class Sealed {
  private constructor(readonly value: object) {}

  static {
    Object.defineProperty(this.prototype, Symbol.toStringTag, { value: 'Sealed' })
  }

  /** The value, sealed if the copy would be no different from it; otherwise the value itself. */
  static seal(value: unknown): unknown {
    return isPlainObject(value) && isPlain(value, MAX_DEPTH) ? new Sealed(value) : value
  }
}

/** An object as a literal or as `JSON.parse` makes it, so that nothing is lost when it is copied. */
function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/**
 * Whether all in it is JSON, or undefined, which flattening drops as well. Anything else (dates, instances of classes,
 * functions) goes through the copy, to come out of it as it would in Segment's cloud. Reading may throw.
 */
function isPlain(value: object, depth: number): boolean {
  if (depth === 0) return false
  if (Array.isArray(value)) {
    const list: readonly unknown[] = value
    return list.every((item) => isPlainValue(item, depth))
  }
  if (!isPlainObject(value)) return false
  // A copy takes what is called __proto__ for the prototype.
  for (const key in value) if (key === '__proto__' || !isPlainValue(value[key], depth)) return false
  return true
}

function isPlainValue(value: unknown, depth: number): boolean {
  const type = typeof value
  if (type === 'string' || type === 'number' || type === 'boolean' || value === undefined || value === null) return true
  return typeof value === 'object' && isPlain(value, depth - 1)
}
