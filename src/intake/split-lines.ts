import type { ReadItem } from './read-item.js'
import type { Splitter } from './splitter.js'
import type { ValueCollector } from './value-collector.js'

const NEWLINE = 0x0a
const NOTHING = Buffer.alloc(0)

/** NDJSON: every line that is not blank is a value. */
export class LineSplitter implements Splitter {
  readonly isDone = false
  readonly #values: ValueCollector
  #completeLines: number

  /** @param completeLines how many lines (blank ones) came before the first byte to be pushed */
  constructor(values: ValueCollector, completeLines: number) {
    this.#values = values
    this.#completeLines = completeLines
  }

  get completeLines(): number {
    return this.#completeLines
  }

  push(block: Buffer, from: number, items: ReadItem[], full: number): number {
    let start = from
    while (items.length < full) {
      const newline = block.indexOf(NEWLINE, start)
      if (newline === -1) {
        this.#values.add(block, start, block.length)
        return block.length
      }
      this.#completeLines++
      const item = this.#values.take(block, start, newline, this.#completeLines)
      if (item) items.push(item)
      start = newline + 1
    }
    return start
  }

  end(items: ReadItem[]): void {
    const item = this.#values.take(NOTHING, 0, 0, this.#completeLines + 1)
    if (item) items.push(item)
  }
}
