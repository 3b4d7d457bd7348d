/** Our names in an event's `integrations`; case-sensitive. */
const OUR_NAMES = ['Dopt', 'Dopt (Actions)']

/**
 * Whether an event's `integrations` exclude us. `All` defaults to true, and our own name overrides it: false excludes
 * us, true or an object with options includes us, and null says nothing. Either of our names set to false excludes us.
 */
export function isExcluded(integrations: unknown): boolean {
  if (typeof integrations !== 'object' || integrations === null) return false
  const own = OUR_NAMES.map((name) => ownValue(integrations, name))
  if (own.includes(false)) return true
  return !own.some(Boolean) && ownValue(integrations, 'All') === false
}

/** Own properties only: names such as `constructor` are inherited by every object. */
function ownValue(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? Reflect.get(object, name) : undefined
}
