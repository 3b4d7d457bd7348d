/** Smaller numbers are epoch seconds (up to the year 5138), others milliseconds (from March 1973). */
const FIRST_MILLISECONDS = 1e11

const NUMERIC = /^[+-]?\d+(?:\.\d+)?$/

/** Date, hours and minutes, seconds, fraction, zone. `Date.parse` alone would read `foo 1` as the year 2001. */
const ISO_8601 =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d+))?)?(?: ?(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?)?$/i

/** The format of `toISOString`, which Segment's SDKs send: `Date.parse` must support it. */
const ISO_OF_A_DATE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/

/**
 * The format of `String(date)`, which a mapping's template produces for a `Date`: `Mon May 06 2024 07:08:09 GMT+0000
 * (…)`.
 */
const DATE_TEXT = /^[A-Z][a-z]{2} [A-Z][a-z]{2} \d{2} \d{4} \d{2}:\d{2}:\d{2} GMT[+-]\d{4}/

/**
 * When an event happened, in epoch milliseconds: an integer if `arrivedAt` is one, and never later than `arrivedAt`.
 *
 * `value` may be an ISO 8601 date or date-time (UTC if it has no zone), the same as SQL writes it (`2024-05-06 07:08:09
 * UTC`), a `Date` or its text, or epoch seconds or milliseconds as a number or a numeric string. If it is missing,
 * malformed, or not after 1970-01-01T00:00:00Z (the zero that clients send for "unknown"), the event counts as having
 * happened on arrival. Never throws.
 */
export function parseEventTime(value: unknown, arrivedAt: number): number {
  const time = toEpochMs(value)
  return time > 0 && time < arrivedAt ? time : arrivedAt
}

/** NaN if it is not a time. */
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

/** `Date.parse` must support only `Z` and `+hh:mm`. */
function normalZone(zone: string): string {
  if (/^[a-z]/i.test(zone)) return 'Z'
  return zone.length === 3 ? `${zone}:00` : `${zone.slice(0, 3)}:${zone.slice(-2)}`
}
