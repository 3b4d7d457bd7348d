/** Where a text stops being valid JSON. */
export interface Mistake {
  /** Offset in characters. */
  position: number
  /**
   * The index of the event that it is in, if the text is `[…]` or `{ "batch": […] }`; undefined outside of events.
   */
  event: number | undefined
}

/** What may come next; with `close`, also the end of the array or object. */
type Expected = 'value' | 'value or close' | 'name' | 'name or close' | 'colon' | 'comma or close'

const BLANKS = /[ \t\n\r]*/y
const STRING = /"[ !#-[\]-\uffff]*(?:\\(?:["\\/bfnrt]|u[\da-f]{4})[ !#-[\]-\uffff]*)*"/iy
const PLAIN = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?|true|false|null/iy

/** Finds the first mistake in a text that `JSON.parse` refused: its error often does not say where. */
export function findMistake(text: string): Mistake {
  const open: string[] = []
  let expected: Expected = 'value'
  let at = 0
  let event: number | undefined

  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at
    if (!pattern.test(text)) return false
    at = pattern.lastIndex
    return true
  }
  /** Events are the elements of an array that is the whole text, or one of its members. */
  const eventDepth = (): number => (open[0] === '[' ? 1 : 2)

  for (;;) {
    skip(BLANKS)
    const next = text[at]
    if (next === undefined || (open.length === 0 && expected === 'comma or close')) return { position: at, event }
    if (expected === 'colon') {
      if (next !== ':') return { position: at, event }
      expected = 'value'
      at++
    } else if (expected === 'comma or close' && next === ',') {
      if (event !== undefined && open.length === eventDepth()) event++
      expected = open.at(-1) === '[' ? 'value' : 'name'
      at++
    } else if (expected.endsWith('close') && next === (open.at(-1) === '[' ? ']' : '}')) {
      open.pop()
      if (open.length < eventDepth()) event = undefined
      expected = 'comma or close'
      at++
    } else if (expected.startsWith('name')) {
      if (!skip(STRING)) return { position: at, event }
      expected = 'colon'
    } else if (expected === 'comma or close') {
      return { position: at, event }
    } else if (next === '{' || next === '[') {
      open.push(next)
      if (next === '[' && open.length === eventDepth()) event = 0
      expected = next === '[' ? 'value or close' : 'name or close'
      at++
    } else if (skip(STRING) || skip(PLAIN)) {
      expected = 'comma or close'
    } else {
      return { position: at, event }
    }
  }
}
