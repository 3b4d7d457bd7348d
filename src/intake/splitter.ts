import type { ReadItem } from './read-item.js'

/** Cuts the decoded input into its top-level values, block by block, and makes items of them. */
export interface Splitter {
  /** How many lines have been read to their end. */
  readonly completeLines: number

  /**
   * Reads `block` from the offset `from`, adding to `items` until there are `full` of them or the block is used up.
   * Returns the offset reached; where that is within the block, call again with the same block.
   */
  push(block: Buffer, from: number, items: ReadItem[], full: number): number

  /** The input has ended: adds what is still open. */
  end(items: ReadItem[]): void
}
