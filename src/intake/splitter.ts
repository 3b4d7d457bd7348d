import type { ReadItem } from './read-item.js'

/** Splits the decoded input into its top-level values, block by block, and turns them into items. */
export interface Splitter {
  /** How many complete lines have been read. */
  readonly completeLines: number

  /**
   * Reads `block` from the offset `from`, adding to `items` until there are `full` of them or the block is used up.
   * Returns the offset reached; if that is within the block, call again with the same block.
   */
  push(block: Buffer, from: number, items: ReadItem[], full: number): number

  /** The input has ended: adds an unfinished value. */
  end(items: ReadItem[]): void
}
