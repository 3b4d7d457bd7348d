/** Our names in an event's `integrations`; case matters there. */
const OUR_NAMES = ['Dopt', 'Dopt (Actions)']

/**
 * Whether an event's `integrations` leave us out. `All` is true unless it says otherwise; our own name overrides it; an
 * object means true. Either of our names set to false excludes us.
 */
export function isExcluded(integrations: unknown): boolean {
  if (typeof integrations !== 'object' || integrations === null) return false
  const own = OUR_NAMES.filter((name) => Object.hasOwn(integrations, name)).map(
    (name) => Reflect.get(integrations, name) as unknown
  )
  if (own.length > 0) return own.some((value) => value === false)
  return Object.hasOwn(integrations, 'All') && Reflect.get(integrations, 'All') === false
}
