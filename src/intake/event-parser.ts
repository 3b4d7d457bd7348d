import { byteOrderMarkLength, detectUnreadable, SNIFF_BYTES } from './detect-format.js'
import type { InputErrors } from './input-error.js'
import type { ReadItem } from './read-item.js'
import { ArraySplitter } from './split-array.js'
import { LineSplitter } from './split-lines.js'
import type { Splitter } from './splitter.js'
import { isWhiteSpace, ValueCollector } from './value-collector.js'
import { NOT_JSON } from './why-not-json.js'

const NEWLINE = 0x0a
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
 * the rest to its splitter. Each method yields the chunks that are ready, never empty ones.
 */
export class EventParser {
  readonly #limits: ParserLimits
  readonly #errors: InputErrors
  #head = NOTHING
  #sniffed = false
  #blankLines = 0
  #splitter: Splitter | undefined
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
    return this.#splitter === undefined
  }

  get completeLines(): number {
    return this.#splitter?.completeLines ?? this.#blankLines
  }

  /** @throws InputError if the first bytes are not UTF-8 text */
  *push(block: Buffer): Generator<ReadItem[]> {
    if (this.#splitter) {
      yield* this.#split(this.#splitter, block)
      return
    }
    this.#head = this.#head.length === 0 ? block : Buffer.concat([this.#head, block])
    if (this.#sniffed || this.#head.length >= SNIFF_BYTES) yield* this.#begin()
  }

  /** The input pauses: yields the items so far, rather than let them wait for more. */
  *flush(): Generator<ReadItem[]> {
    // One complete line is enough to detect the format; a few bytes are not.
    if (!this.#splitter && this.#head.includes(NEWLINE)) yield* this.#begin()
    yield* this.#rest()
  }

  /** The input has ended. */
  *end(): Generator<ReadItem[]> {
    if (!this.#splitter) yield* this.#begin()
    this.#splitter?.end(this.#items)
    yield* this.#rest()
  }

  /** The input cannot be read any further: an unfinished value is left out, because its rest is unknown. */
  *cutOff(): Generator<ReadItem[]> {
    if (!this.#splitter) yield* this.#begin()
    yield* this.#rest()
  }

  *#begin(): Generator<ReadItem[]> {
    const head = this.#head
    this.#head = NOTHING
    let start = 0
    if (!this.#sniffed && head.length > 0) {
      const unreadable = detectUnreadable(head.subarray(0, SNIFF_BYTES))
      if (unreadable === 'binary') throw this.#errors.binary()
      if (unreadable) throw this.#errors.utf16(unreadable)
      start = byteOrderMarkLength(head)
      this.#sniffed = true
    }

    for (; isWhiteSpace(head[start]); start++) if (head[start] === NEWLINE) this.#blankLines++
    if (start === head.length) return

    this.#splitter = this.#splitterFor(head[start], this.#blankLines)
    yield* this.#split(this.#splitter, head.subarray(start))
  }

  /**
   * By the first byte of what is to be split. An array may be followed by another, or by lines: files that were put
   * together, or a first line of a log that begins with a bracket.
   */
  #splitterFor(first: number | undefined, completeLines: number): Splitter {
    const isArray = first === OPEN_BRACKET
    const values = new ValueCollector(this.#limits.maxEventBytes, isArray ? 'element' : 'line')
    return isArray ? new ArraySplitter(values, completeLines) : new LineSplitter(values, completeLines)
  }

  *#split(splitter: Splitter, block: Buffer): Generator<ReadItem[]> {
    const { chunkItems, chunkBytes } = this.#limits
    for (let at = 0; at < block.length;) {
      const end = splitter.push(block, at, this.#items, chunkItems)
      this.#itemBytes += end - at
      at = end
      if (splitter.isDone) {
        this.#splitter = splitter = this.#splitterFor(block[at], splitter.completeLines)
        block = block.subarray(at)
        at = 0
      }
      if (this.#items.length >= chunkItems || this.#itemBytes >= chunkBytes) yield* this.#rest()
    }
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
