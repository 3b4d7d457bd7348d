import { randomBytes } from 'node:crypto'
import type { Facts } from './facts.js'

/** As large as an event may be: a disk that is too full for events may still have room for less. */
const BYTES = 32 * 1024

/** Writes a fact that nobody reads. It differs each time: SQLite does not write a page that did not change. */
export function tryToWrite(facts: Facts): void {
  facts.save('last-try', { filling: randomBytes(BYTES / 2).toString('hex') })
}
