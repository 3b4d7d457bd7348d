import ms from 'ms'
import { printable } from './printable.js'

/**
 * Reads a duration such as `500ms`, `30s`, `2m`, `72h` or `7d` (or `1.5 hours`; a plain number is milliseconds).
 * @returns whole milliseconds
 * @throws Error, with a message of one line, for anything else
 */
export function parseDuration(text: string): number {
  const trimmed = text.trim()
  // ms answers undefined for a unit that it does not know.
  const durationMs = isDuration(trimmed) ? Math.round(ms(trimmed)) : NaN
  if (Number.isSafeInteger(durationMs)) return durationMs
  if (trimmed.startsWith('-')) throw new Error(`"${printable(text)}" is negative: a duration is 0 or more`)
  throw new Error(`"${printable(text)}" is not a duration: write it like 500ms, 30s, 2m, 72h or 7d`)
}

/** As far as its shape goes; whether the unit exists is for ms to say. */
function isDuration(text: string): text is ms.StringValue {
  return /^\d{1,15}(\.\d{1,15})? ?[a-z]{0,12}$/i.test(text)
}
