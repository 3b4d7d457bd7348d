/** How many of the first bytes are read to detect whether the input is text. */
export const SNIFF_BYTES = 4096

export function isGzip(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b
}

/** How many bytes at the start are a UTF-8 byte-order mark: 3 or 0. */
export function byteOrderMarkLength(head: Buffer): number {
  return head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0
}

/** What the input is, if its first bytes are not UTF-8 text; undefined if they may be. */
export function detectUnreadable(head: Buffer): 'binary' | 'UTF-16' | 'UTF-16LE' | 'UTF-16BE' | undefined {
  const [first, second] = head
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return 'UTF-16'

  let control = 0
  const nuls: [even: number, odd: number] = [0, 0]
  for (const [index, byte] of head.entries()) {
    if (byte === 0) nuls[index % 2 === 0 ? 0 : 1]++
    if (isControl(byte)) control++
  }

  const [even, odd] = nuls
  if (even + odd > 0) {
    // In UTF-16, mostly-ASCII text has a NUL in every second byte, and none in the others.
    const half = Math.floor(head.length / 2)
    if (half >= 2 && odd >= half / 2 && even <= half / 20) return 'UTF-16LE'
    if (half >= 2 && even >= half / 2 && odd <= half / 20) return 'UTF-16BE'
    return 'binary'
  }
  return control > head.length * 0.3 ? 'binary' : undefined
}

function isControl(byte: number): boolean {
  return (byte < 0x20 && !(byte >= 0x09 && byte <= 0x0d)) || byte === 0x7f
}
