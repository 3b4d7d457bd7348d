import { formatCount } from './format-number.js'

/** Also where stdout is no terminal: programs read JSON, which is never cut. */
const LONGEST = 2000

/** A text for people: if it is long, only its beginning, and where all of it is. */
export function shortened(text: string): string {
  if (text.length <= LONGEST) return text
  return `${beginning(text, LONGEST)}… (${formatCount(text.length)} characters; --json shows all)`
}

/** At most this many UTF-16 code units of a longer text; never half of a surrogate pair. */
export function beginning(text: string, length: number): string {
  const wouldSplit = (text.codePointAt(length - 1) ?? 0) > 0xffff
  return text.slice(0, wouldSplit ? length - 1 : length)
}
