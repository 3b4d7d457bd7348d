import { isUtf8 } from 'node:buffer'
import type { MalformedValue, ReadItem } from './read-item.js'
import { whyNotJson } from './why-not-json.js'

const RAW_CHARACTERS = 4096
/** A character (UTF-16 unit) takes at most three bytes of UTF-8. */
const RAW_BYTES = 3 * RAW_CHARACTERS

/**
 * Collects the bytes of one value at a time and turns it into an item. A value within one block is read in place; one
 * that spans blocks is copied, up to the limit: the rest is counted, not kept.
 */
export class ValueCollector {
  readonly #maxEventBytes: number
  readonly #whole: 'line' | 'element'
  readonly #keepBytes: number
  #kept = Buffer.alloc(0)
  #keptBytes = 0
  #totalBytes = 0
  /** Bytes up to the last one that is not white space. */
  #size = 0

  constructor(maxEventBytes: number, whole: 'line' | 'element') {
    this.#maxEventBytes = maxEventBytes
    this.#whole = whole
    this.#keepBytes = Math.max(maxEventBytes, RAW_BYTES)
  }

  /** Adds a piece of a value that continues in the next block. */
  add(block: Buffer, start: number, end: number): void {
    const lastByte = trimEnd(block, start, end)
    if (lastByte > start) this.#size = this.#totalBytes + lastByte - start
    this.#totalBytes += end - start
    const wanted = Math.min(end - start, this.#keepBytes - this.#keptBytes)
    if (wanted <= 0) return
    this.#reserve(this.#keptBytes + wanted)
    block.copy(this.#kept, this.#keptBytes, start, start + wanted)
    this.#keptBytes += wanted
  }

  /** Ends the value with a last piece. Undefined if the value is only white space. */
  take(block: Buffer, start: number, end: number, line: number): ReadItem | undefined {
    if (this.#totalBytes === 0) {
      const size = trimEnd(block, start, end) - start
      return size === 0 ? undefined : this.#read(block, start, size, line)
    }
    this.add(block, start, end)
    const item = this.#size === 0 ? undefined : this.#read(this.#kept, 0, this.#size, line)
    this.drop()
    return item
  }

  drop(): void {
    this.#keptBytes = 0
    this.#totalBytes = 0
    this.#size = 0
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#kept.length) return
    const larger = Buffer.allocUnsafeSlow(Math.min(this.#keepBytes, Math.max(bytes, 2 * this.#kept.length, RAW_BYTES)))
    this.#kept.copy(larger, 0, 0, this.#keptBytes)
    this.#kept = larger
  }

  #read(bytes: Buffer, start: number, size: number, line: number): ReadItem {
    if (size > this.#maxEventBytes) {
      const limit = this.#maxEventBytes.toLocaleString('en-US')
      return malformed(bytes, start, Math.min(size, RAW_BYTES), line, `longer than the limit of ${limit} bytes`)
    }
    const decoded = bytes.toString('utf8', start, start + size)
    // Files that were put together may each begin with a byte-order mark.
    const text = decoded.startsWith('\ufeff') ? decoded.slice(1) : decoded
    // Decoding replaces invalid bytes by U+FFFD. Only then check the bytes: the input itself may contain U+FFFD.
    if (text.includes('\ufffd') && !isUtf8(bytes.subarray(start, start + size))) {
      return malformed(bytes, start, size, line, 'not valid UTF-8')
    }
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch (error) {
      return malformed(bytes, start, size, line, whyNotJson(error, text.length, this.#whole))
    }
    if (isRecord(value)) return { kind: 'event', line, event: value, bytes: size }
    return malformed(bytes, start, size, line, `not an object but ${nameOf(value)}`)
  }
}

/** Space, tab, line feed, carriage return: JSON's white space. */
export function isWhiteSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function trimEnd(block: Buffer, start: number, end: number): number {
  while (end > start && isWhiteSpace(block[end - 1])) end--
  return end
}

function malformed(bytes: Buffer, start: number, size: number, line: number, reason: string): MalformedValue {
  const text = bytes.toString('utf8', start, start + Math.min(size, RAW_BYTES))
  // Not half a surrogate pair at the end.
  const raw = text.length > RAW_CHARACTERS ? text.slice(0, RAW_CHARACTERS).replace(/[\ud800-\udbff]$/, '') : text
  return { kind: 'malformed', line, reason, raw }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function nameOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array: give it in a file of its own' : `a ${typeof value}`
}
