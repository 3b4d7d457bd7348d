import { printable } from './printable.js'

const POWERS: Readonly<Record<string, number>> = { '': 0, k: 1, m: 2, g: 3, t: 4 }

/**
 * Reads a size such as `1048576`, `512kb`, `500mb` or `2gb` (`k`, `kb` and `KiB` are all 1,024 bytes, and so on up).
 * @returns whole bytes
 * @throws Error, with a message of one line, for anything else
 */
export function parseByteSize(text: string): number {
  const [, number = '', prefix = ''] = /^(\d+(?:\.\d+)?) ?(?:([kmgt])(?:i?b)?|b)?$/i.exec(text.trim()) ?? []
  const bytes = number === '' ? NaN : Math.round(Number(number) * 1024 ** (POWERS[prefix.toLowerCase()] ?? NaN))
  if (Number.isSafeInteger(bytes)) return bytes
  if (text.trim().startsWith('-')) throw new Error(`"${printable(text)}" is negative: a size is 0 or more`)
  throw new Error(`"${printable(text)}" is not a size: write it like 1048576, 512kb, 500mb or 2gb`)
}
