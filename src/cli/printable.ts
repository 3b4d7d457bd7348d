/**
 * Makes text of unknown origin harmless on a terminal and keeps it on one line: anything that could move the cursor, change
 * colours, reverse the reading direction or be invisible is shown as a symbol (␛, ␊) or as a code point (\u202e).
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0
    if (code < 0x20) return String.fromCodePoint(0x2400 + code)
    if (code === 0x7f) return '\u2421'
    return code > 0xffff ? `\\u{${code.toString(16)}}` : escapeUnit(code)
  })
}

/** As JSON text on several lines. What a terminal would act on in its strings is escaped: the value stays the same. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2).replace(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from({ length: character.length }, (_, index) => escapeUnit(character.charCodeAt(index))).join('')
  )
}

function escapeUnit(code: number): string {
  return `\\u${code.toString(16).padStart(4, '0')}`
}
