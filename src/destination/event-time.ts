/** Numbers below this are epoch seconds (up to the year 5138), from here on milliseconds (from March 1973). */
const FIRST_MILLISECONDS = 1e11

const NUMERIC = /^[+-]?\d+(?:\.\d+)?$/

/** Date, hours and minutes, seconds, fraction, zone. `Date.parse` alone would take `foo 1` for the year 2001. */
const ISO_8601 = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d+))?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i

/** What `toISOString` gives, as every SDK of Segment's sends it: `Date.parse` is bound to understand it as it is. */
const ISO_OF_A_DATE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/

/** What `String(date)` gives, which is what a mapping's template makes of a `Date`: `Mon May 06 2024 07:08:09 GMT+0000 (…)`. */
const DATE_TEXT = /^[A-Z][a-z]{2} [A-Z][a-z]{2} \d{2} \d{4} \d{2}:\d{2}:\d{2} GMT[+-]\d{4}/

/**
 * When an event happened, in epoch milliseconds: an integer, where `arrivedAt` is one, and never later than `arrivedAt`.
 *
 * `value` may be an ISO 8601 date or date-time (UTC where it names no zone), a `Date` or its text, or epoch seconds or
 * milliseconds as a number or as numeric text. What is missing, malformed, or not after 1970-01-01T00:00:00Z (the zero
 * that clients write for "unknown") counts as having happened when it arrived. Never throws.
 */
export function parseEventTime(value: unknown, arrivedAt: number): number {
  const time = toEpochMs(value)
  return time > 0 && time < arrivedAt ? time : arrivedAt
}

/** NaN for what is not a time. */
function toEpochMs(value: unknown): number {
  if (typeof value === 'number') return numberToEpochMs(value)
  if (value instanceof Date) return value.getTime()
  if (typeof value !== 'string') return NaN
  if (ISO_OF_A_DATE.test(value)) return Date.parse(value)
  const text = value.trim()
  if (NUMERIC.test(text)) return numberToEpochMs(Number(text))
  return DATE_TEXT.test(text) ? Date.parse(text) : isoToEpochMs(text)
}

function numberToEpochMs(value: number): number {
  return Math.round(value < FIRST_MILLISECONDS ? value * 1000 : value)
}

function isoToEpochMs(text: string): number {
  const match = ISO_8601.exec(text)
  if (match === null) return NaN
  const [, date, minutes = '00:00', seconds = '00', fraction = '0', zone = 'Z'] = match
  return Date.parse(`${date}T${minutes}:${seconds}.${fraction.slice(0, 3)}${normalZone(zone)}`)
}

/** `Date.parse` is only bound to understand `Z` and `+hh:mm`. */
function normalZone(zone: string): string {
  if (zone.length === 1) return 'Z'
  return zone.length === 3 ? `${zone}:00` : `${zone.slice(0, 3)}:${zone.slice(-2)}`
}
