/** A header that asks for more is probably a mistake; following it would stop all delivery. */
const LONGEST_WAIT_MS = 24 * 3600_000

const ZONE = /(z|[a-z]{3}|[+-]\d\d:?\d\d)$/i

/**
 * Milliseconds to wait according to a `Retry-After` header (seconds or an HTTP date); undefined if it is not usable.
 */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  const text = value.trim()
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(LONGEST_WAIT_MS, Math.round(Number(text) * 1000))
  // The oldest of the three date formats, `Sun Nov 6 08:49:37 1994`, has no zone: all of them are GMT (RFC 9110,
  // 5.6.7).
  const at = /[a-z]/i.test(text) ? Date.parse(ZONE.test(text) ? text : `${text} GMT`) : NaN
  return Number.isNaN(at) ? undefined : Math.min(LONGEST_WAIT_MS, Math.max(0, at - now))
}
