/**
 * Properties of a JSON text, without parsing it. Nothing here recurses, or throws for invalid JSON.
 */

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

export interface Outline {
  /** The maximum nesting depth of brackets. */
  depth: number
  /**
   * Size in bytes of the longest object or array in the place of an event: in the array that is the whole text, or one
   * of its members.
   */
  longestEvent: number
}

/** One pass over the bytes; for nearly every batch it makes checking each event unnecessary. */
export function outlineOf(text: Buffer): Outline {
  const eventDepth = text[skipBlanks(text, 0)] === OPEN_BRACKET ? 2 : 3
  let [depth, deepest, start, longestEvent] = [0, 0, 0, 0]
  for (let at = 0; at < text.length; at++) {
    const byte = text[at]
    if (byte === QUOTE) at = endOfString(text, at)
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth++
      if (depth > deepest) deepest = depth
      if (depth === eventDepth) start = at
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      if (depth === eventDepth) longestEvent = Math.max(longestEvent, at + 1 - start)
      depth--
    }
  }
  return { depth: deepest, longestEvent }
}

/** The text of an array's first element, byte for byte; undefined if there is none. */
export function firstElement(text: Buffer): Buffer | undefined {
  const start = skipBlanks(text, 0)
  if (text[start] !== OPEN_BRACKET) return undefined
  const first = skipBlanks(text, start + 1)
  let depth = 1
  for (let at = first; at < text.length; at++) {
    const byte = text[at]
    if (byte === QUOTE) at = endOfString(text, at)
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--
    if (depth > 1 || (depth === 1 && byte !== COMMA)) continue
    let end = at
    while (end > first && isBlank(text[end - 1])) end--
    return end === first ? undefined : text.subarray(first, end)
  }
  return undefined
}

/** The offset of the closing quote of a string that begins at `start`, or of the end of the text. */
function endOfString(text: Buffer, start: number): number {
  let at = start + 1
  for (; at < text.length && text[at] !== QUOTE; at++) if (text[at] === BACKSLASH) at++
  return at
}

function skipBlanks(text: Buffer, from: number): number {
  let at = from
  while (isBlank(text[at])) at++
  return at
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d
}
