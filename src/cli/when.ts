import { parseDuration } from './duration.js'
import { formatAge } from './format-number.js'
import { printable } from './printable.js'

/** `2026-10-01T12:00:05Z (3 m ago)`, or `(in 12 s)`. */
export function formatWhen(time: number, now: number): string {
  const distance = time > now ? `in ${formatAge(time - now)}` : `${formatAge(now - time)} ago`
  return `${formatTime(time)} (${distance})`
}

/** `2026-10-01T12:00:05Z` */
export function formatTime(time: number): string {
  return toIso(time)?.replace(/\.\d{3}Z$/, 'Z') ?? 'at an unknown time'
}

/** The form of times in JSON documents: ISO 8601, or null if there is none. */
export function toIso(time: number | undefined): string | null {
  if (time === undefined) return null
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}

const ISO_TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?)?$/

/**
 * Reads a point in time: an ISO date or time (`2026-10-01`, `2026-10-01T12:00:00Z`; UTC if it has no time zone, like
 * all times that are printed), or how long ago it was (`24h`).
 * @returns epoch milliseconds
 * @throws Error, with a message of one line, for anything else
 */
export function parsePointInTime(text: string, now: number): number {
  const time = /^\d{4}-/.test(text) ? timeOf(text) : now - (durationOf(text) ?? NaN)
  if (Number.isFinite(time)) return time
  throw new Error(`"${printable(text)}" is not a time: write it like 2026-10-01T12:00:00Z, or 24h for a day ago`)
}

/** NaN for dates that do not exist, such as 30 February, which Date.parse reads as 2 March. */
function timeOf(text: string): number {
  const [, day = '', clock = '00:00', zone = 'Z'] = ISO_TIME.exec(text) ?? []
  return toIso(Date.parse(day))?.startsWith(day) === true ? Date.parse(`${day}T${clock}${zone}`) : NaN
}

function durationOf(text: string): number | undefined {
  try {
    return parseDuration(text)
  } catch {
    return undefined
  }
}
