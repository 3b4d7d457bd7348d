import { randomBytes } from 'node:crypto'
import type { Facts } from './facts.js'

/** As many as an event may have: where less is written, a disk that is full for events may still have room for it. */
const BYTES = 32 * 1024

/** Writes a fact that nobody reads. Each time another one: SQLite does not write a page that stays as it is. */
export function tryToWrite(facts: Facts): void {
  facts.save('last-try', { filling: randomBytes(BYTES / 2).toString('hex') })
}
