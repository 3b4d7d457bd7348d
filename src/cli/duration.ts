import ms from 'ms'
import { printable } from './printable.js'

const EXAMPLES = '500ms, 30s, 2m, 72h or 7d'

/**
 * Reads a duration such as `500ms`, `30s`, `2m`, `72h` or `7d` (or `1.5 hours`). The unit is required, because
 * `30` could mean anything from milliseconds to days; only `0` needs none.
 * @returns whole milliseconds
 * @throws Error, with a message of one line, for anything else
 */
export function parseDuration(text: string): number {
  const trimmed = text.trim()
  // ms returns undefined for an unknown unit.
  const durationMs = isDuration(trimmed) ? Math.round(ms(trimmed)) : NaN
  if (Number.isSafeInteger(durationMs)) return durationMs
  if (/^[\d.]+$/.test(trimmed)) throw new Error(`"${printable(text)}" has no unit: write it like ${EXAMPLES}`)
  if (trimmed.startsWith('-')) throw new Error(`"${printable(text)}" is negative: a duration is 0 or more`)
  throw new Error(`"${printable(text)}" is not a duration: write it like ${EXAMPLES}`)
}

/** Checks only the shape; ms knows which units exist. */
function isDuration(text: string): text is ms.StringValue {
  return /^(\d{1,15}(\.\d{1,15})? ?[a-z]{1,12}|0)$/i.test(text)
}
