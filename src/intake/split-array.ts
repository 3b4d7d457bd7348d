import type { ReadItem } from './read-item.js'
import type { Splitter } from './splitter.js'
import { isWhiteSpace, type ValueCollector } from './value-collector.js'

const NEWLINE = 0x0a
const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const NOTHING = Buffer.alloc(0)
const ENDS_EARLY = 'the file ends in the middle of an array'

/**
 * A JSON array. Its elements are the texts between the commas outside of
 * strings and brackets. Nothing else of JSON is checked here: each element is parsed later, so an invalid one does not
 * affect the others. Empty elements, such as after a trailing comma, are skipped. An object directly after another one,
 * or after text that is no object (a line of a log that begins with a bracket), is an element of its own.
 *
 * An element with a missing quote or brace would swallow all that follow. Two signs reveal it:
 * - a line break inside a string, which JSON does not allow. The element is `broken`; it ends at a line that starts
 *   with `{`, indented no further than the element itself;
 * - a `{` directly after a comma of the element itself, where only a property name can be. It starts the next element.
 */
export class ArraySplitter implements Splitter {
  readonly #values: ValueCollector
  #phase: 'before' | 'between' | 'element' | 'broken' | 'done' = 'before'
  #completeLines: number
  /** The offset of the current line in the current block; negative if it starts in an earlier block. */
  #lineStart = 0

  // State of the element being read:
  #firstLine = 1
  #indent = 0
  #isObject = false
  #depth = 0
  /** Its object has ended. */
  #isClosed = false
  #inString = false
  #escaped = false
  /** The last byte that was not white space was a comma. */
  #afterComma = false
  /** In a broken element: only white space so far on this line. */
  #lineIsBlank = false

  /** @param completeLines how many lines (blank ones) came before the first byte to be pushed, the array's `[` */
  constructor(values: ValueCollector, completeLines: number) {
    this.#values = values
    this.#completeLines = completeLines
  }

  get completeLines(): number {
    return this.#completeLines
  }

  get isDone(): boolean {
    return this.#phase === 'done'
  }

  push(block: Buffer, from: number, items: ReadItem[], full: number): number {
    let at = from
    while (at < block.length && items.length < full && !this.isDone) at = this.#step(block, at, items)
    if (at === block.length) this.#lineStart -= block.length
    return at
  }

  end(items: ReadItem[]): void {
    const line = this.#completeLines + 1
    if (this.#phase === 'element' || this.#phase === 'broken') {
      const item = this.#values.take(NOTHING, 0, 0, this.#firstLine)
      if (item?.kind === 'malformed') {
        items.push(this.#phase === 'broken' ? item : { ...item, reason: ENDS_EARLY })
        return
      }
      if (item) items.push(item)
    }
    // No element is cut off, but some may be missing.
    items.push({ kind: 'malformed', line, reason: ENDS_EARLY, raw: '' })
  }

  #step(block: Buffer, at: number, items: ReadItem[]): number {
    switch (this.#phase) {
      case 'before':
        this.#phase = 'between'
        return at + 1
      case 'between':
        return this.#between(block, at)
      case 'element':
        return this.#element(block, at, items)
      case 'broken':
        return this.#broken(block, at, items)
      case 'done':
        return at
    }
  }

  #between(block: Buffer, from: number): number {
    for (let at = from; at < block.length; at++) {
      const byte = block[at]
      if (byte === NEWLINE) this.#newline(at)
      else if (byte === CLOSE_BRACKET) {
        this.#phase = 'done'
        return at + 1
      } else if (byte !== COMMA && !isWhiteSpace(byte)) {
        this.#startElement(block, at)
        return at
      }
    }
    return block.length
  }

  #element(block: Buffer, from: number, items: ReadItem[]): number {
    // In local variables, because this loop reads every byte.
    let depth = this.#depth
    let isClosed = this.#isClosed
    let inString = this.#inString
    let escaped = this.#escaped
    let afterComma = this.#afterComma
    const length = block.length

    for (let at = from; at < length; at++) {
      const byte = block[at]
      if (inString) {
        if (byte === NEWLINE) {
          this.#values.add(block, from, at)
          this.#phase = 'broken'
          return at
        }
        if (escaped) escaped = false
        else if (byte === BACKSLASH) escaped = true
        else if (byte === QUOTE) inString = false
        continue
      }
      switch (byte) {
        case QUOTE:
          inString = true
          afterComma = false
          break
        case OPEN_BRACE:
          if ((afterComma && depth === 1 && this.#isObject) || (depth === 0 && (isClosed || !this.#isObject))) {
            this.#finish(block, from, at, items)
            this.#startElement(block, at)
            return at
          }
          depth++
          afterComma = false
          break
        case OPEN_BRACKET:
          depth++
          afterComma = false
          break
        case CLOSE_BRACE:
          if (depth > 0) depth--
          isClosed = depth === 0 && this.#isObject
          afterComma = false
          break
        case CLOSE_BRACKET:
          if (depth === 0) {
            this.#finish(block, from, at, items)
            this.#phase = 'done'
            return at + 1
          }
          depth--
          afterComma = false
          break
        case COMMA:
          if (depth === 0) {
            this.#finish(block, from, at, items)
            this.#phase = 'between'
            return at + 1
          }
          afterComma = true
          break
        case NEWLINE:
          this.#newline(at)
          break
        case undefined:
        default:
          break
      }
    }

    this.#values.add(block, from, length)
    this.#depth = depth
    this.#isClosed = isClosed
    this.#inString = inString
    this.#escaped = escaped
    this.#afterComma = afterComma
    return length
  }

  #broken(block: Buffer, from: number, items: ReadItem[]): number {
    for (let at = from; at < block.length; at++) {
      const byte = block[at]
      if (byte === NEWLINE) {
        this.#newline(at)
        this.#lineIsBlank = true
      } else if (this.#lineIsBlank && !isWhiteSpace(byte)) {
        this.#lineIsBlank = false
        if (byte === OPEN_BRACE && at - this.#lineStart <= this.#indent) {
          this.#finish(block, from, at, items)
          this.#startElement(block, at)
          return at
        }
      }
    }
    this.#values.add(block, from, block.length)
    return block.length
  }

  #startElement(block: Buffer, at: number): void {
    this.#phase = 'element'
    this.#firstLine = this.#completeLines + 1
    this.#indent = at - this.#lineStart
    this.#isObject = block[at] === OPEN_BRACE
    this.#depth = 0
    this.#isClosed = false
    this.#inString = false
    this.#escaped = false
    this.#afterComma = false
    this.#lineIsBlank = false
  }

  #finish(block: Buffer, from: number, to: number, items: ReadItem[]): void {
    const item = this.#values.take(block, from, to, this.#firstLine)
    if (item) items.push(item)
  }

  #newline(at: number): void {
    this.#completeLines++
    this.#lineStart = at + 1
  }
}
