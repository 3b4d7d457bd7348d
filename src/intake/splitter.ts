import type { ReadItem } from './read-item.js'

/** Splits the decoded input into its top-level values, block by block, and turns them into items. */
export interface Splitter {
  /** How many complete lines have been read. */
  readonly completeLines: number
  /** Whether its format has come to an end: what follows is for another splitter. */
  readonly isDone: boolean

  /**
   * Reads `block` from the offset `from`, adding to `items` until there are `full` of them, the block is used up, or it
   * is done. Returns the offset reached; if that is within the block, call again with the same block.
   */
  push(block: Buffer, from: number, items: ReadItem[], full: number): number

  /** The input has ended: adds an unfinished value. */
  end(items: ReadItem[]): void
}
