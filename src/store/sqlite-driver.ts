import { createRequire } from 'node:module'
import type Database from 'better-sqlite3'
import { StoreError } from './errors.js'

/**
 * better-sqlite3 12 is the last version that runs on Node 20 (13 crashes there), but with it Node 24.19 and later abort
 * when the garbage collector frees a statement (better-sqlite3#1515). Version 13 is for Node 22 and later, and includes
 * its binaries. So both are installed, and this is the only place that chooses.
 */
const FIRST_NODE_FOR_13 = 22

const load = createRequire(import.meta.url)
const isFor13 = Number.parseInt(process.versions.node, 10) >= FIRST_NODE_FOR_13
const name = isFor13 ? 'better-sqlite3-13' : 'better-sqlite3'

// The types of version 12 describe both.
export const SqliteDatabase = load(name) as typeof Database

/**
 * Makes sure that the driver's native part can be loaded, before a file is created. It cannot if the driver's install
 * script was not allowed to run, or ran with another version of Node. Throws StoreError.
 */
export function requireDriver(Driver: new (file: string) => { close(): unknown } = SqliteDatabase): void {
  try {
    new Driver(':memory:').close()
  } catch (cause) {
    throw new StoreError(
      'no-driver',
      `SQLite cannot be used with this Node (${process.versions.node}): ` +
        `allow the install script of ${name}, and run "npm rebuild ${name}"`,
      { cause }
    )
  }
}
