import { byteOrderMarkLength, detectUnreadable, SNIFF_BYTES } from './detect-format.js'
import type { InputErrors } from './input-error.js'
import type { ReadItem } from './read-item.js'
import { ArraySplitter } from './split-array.js'
import { LineSplitter } from './split-lines.js'
import type { Splitter } from './splitter.js'
import { isWhiteSpace, ValueCollector } from './value-collector.js'
import { NOT_JSON } from './why-not-json.js'

const NEWLINE = 0x0a
const COMMA = 0x2c
const OPEN_BRACKET = 0x5b
/** If this many values at the beginning are not JSON, the input is something else, such as CSV. */
const NEVER_JSON = 100
const NOTHING: Buffer = Buffer.alloc(0)

export interface ParserLimits {
  maxEventBytes: number
  chunkItems: number
  chunkBytes: number
}

/**
 * Turns decoded bytes into chunks of items. Detects the format from the first bytes (collected in `head`) and passes
 * the rest to its splitter. An array may be followed by another one, or by lines: files that were put together, or a
 * first line of a log that begins with a bracket. Each method yields the chunks that are ready, never empty ones.
 */
export class EventParser {
  readonly #limits: ParserLimits
  readonly #errors: InputErrors
  #head = NOTHING
  #sniffed = false
  #isBlank = true
  /** Undefined before the first value, and between two formats. */
  #splitter: Splitter | undefined
  /** How many lines are complete where there is no splitter to ask. */
  #completeLines = 0
  #items: ReadItem[] = []
  #itemBytes = 0
  /** How many values were not JSON; undefined once one was. */
  #notJson: number | undefined = 0

  constructor(limits: ParserLimits, errors: InputErrors) {
    this.#limits = limits
    this.#errors = errors
  }

  /** Whether the input so far is only white space. */
  get isBlank(): boolean {
    return this.#isBlank
  }

  get completeLines(): number {
    return this.#splitter?.completeLines ?? this.#completeLines
  }

  /** @throws InputError if the first bytes are not UTF-8 text */
  *push(block: Buffer): Generator<ReadItem[]> {
    if (this.#sniffed) {
      yield* this.#split(block)
      return
    }
    this.#head = this.#head.length === 0 ? block : Buffer.concat([this.#head, block])
    if (this.#head.length >= SNIFF_BYTES) yield* this.#begin()
  }

  /** The input pauses: yields the items so far, rather than let them wait for more. */
  *flush(): Generator<ReadItem[]> {
    // One complete line is enough to detect the format; a few bytes are not.
    if (this.#head.includes(NEWLINE)) yield* this.#begin()
    yield* this.#rest()
  }

  /** The input has ended. */
  *end(): Generator<ReadItem[]> {
    yield* this.#begin()
    this.#splitter?.end(this.#items)
    yield* this.#rest()
  }

  /** The input cannot be read any further: an unfinished value is left out, because its rest is unknown. */
  *cutOff(): Generator<ReadItem[]> {
    yield* this.#begin()
    yield* this.#rest()
  }

  /** Splits what was collected, if that has not been done. */
  *#begin(): Generator<ReadItem[]> {
    const head = this.#head
    if (head.length === 0) return
    this.#head = NOTHING
    const unreadable = detectUnreadable(head.subarray(0, SNIFF_BYTES))
    if (unreadable === 'binary') throw this.#errors.binary()
    if (unreadable) throw this.#errors.utf16(unreadable)
    this.#sniffed = true
    yield* this.#split(head.subarray(byteOrderMarkLength(head)))
  }

  *#split(block: Buffer): Generator<ReadItem[]> {
    const { chunkItems, chunkBytes } = this.#limits
    for (let rest = block; rest.length > 0;) {
      if (this.#splitter === undefined) {
        rest = this.#skipBlanks(rest)
        if (rest.length === 0) return
        this.#splitter = this.#splitterFor(rest[0])
      }
      const splitter = this.#splitter
      let at = 0
      while (at < rest.length && !splitter.isDone) {
        const end = splitter.push(rest, at, this.#items, chunkItems)
        this.#itemBytes += end - at
        at = end
        if (this.#items.length >= chunkItems || this.#itemBytes >= chunkBytes) yield* this.#rest()
      }
      if (splitter.isDone) {
        this.#completeLines = splitter.completeLines
        this.#splitter = undefined
      }
      rest = rest.subarray(at)
    }
  }

  #splitterFor(first: number | undefined): Splitter {
    this.#isBlank = false
    const isArray = first === OPEN_BRACKET
    const values = new ValueCollector(this.#limits.maxEventBytes, isArray ? 'element' : 'line')
    return isArray ? new ArraySplitter(values, this.#completeLines) : new LineSplitter(values, this.#completeLines)
  }

  /** Before the first value, and between two formats, where there may also be a comma or another byte-order mark. */
  #skipBlanks(block: Buffer): Buffer {
    let at = 0
    for (; at < block.length; at++) {
      const byte = block[at]
      if (byte === NEWLINE) this.#completeLines++
      else if (!isWhiteSpace(byte) && (this.#isBlank || !isBetween(byte))) break
    }
    return block.subarray(at)
  }

  *#rest(): Generator<ReadItem[]> {
    if (this.#items.length === 0) return
    const items = this.#items
    this.#items = []
    this.#itemBytes = 0
    this.#requireJson(items)
    yield items
  }

  /** Otherwise every line of a file in another format would be kept as a rejected event. */
  #requireJson(items: readonly ReadItem[]): void {
    if (this.#notJson === undefined) return
    const isNot = (item: ReadItem): boolean => item.kind === 'malformed' && item.reason.startsWith(NOT_JSON)
    this.#notJson = items.every(isNot) ? this.#notJson + items.length : undefined
    if (this.#notJson !== undefined && this.#notJson >= NEVER_JSON) throw this.#errors.notJson(this.#notJson)
  }
}

/** A comma, or a byte of a mark. */
function isBetween(byte: number | undefined): boolean {
  return byte === COMMA || byte === 0xef || byte === 0xbb || byte === 0xbf
}
