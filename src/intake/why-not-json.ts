/**
 * V8's messages quote the text around the mistake, which may be personal data; these never do. An unknown message (they
 * change between versions) only makes the reason less precise.
 */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/control character/i, 'a line break or another control character inside a string'],
  [/escape/i, 'an invalid escape sequence in a string'],
  [/after JSON/i, 'more text after the end of the value'],
  [/after property name/i, 'a colon is missing'],
  [/property name/i, 'a property name is missing or not in double quotes'],
  [/after property value|after array element/i, 'a comma or a closing bracket is missing']
]

/** How every reason begins. */
export const NOT_JSON = 'not JSON: '

/**
 * @param length length of the text, in characters
 * @param whole what the text is
 */
export function whyNotJson(error: unknown, length: number, whole: 'line' | 'element' | 'body'): string {
  const message = error instanceof Error ? error.message : ''
  const position = Number(/ at position (\d+)/.exec(message)?.[1])
  if (position >= length || /^(Unexpected end of|Unterminated string)/i.test(message)) {
    return `${NOT_JSON}the ${whole} ends in the middle of a value`
  }
  // Only V8's own words: after them it may quote the input.
  const words = message.split('"')[0] ?? ''
  const known = REASONS.find(([pattern]) => pattern.test(words))
  return `${NOT_JSON}${known?.[1] ?? 'an unexpected character'}`
}
