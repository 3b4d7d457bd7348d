import { createRequire } from 'node:module'
import type Database from 'better-sqlite3'

/**
 * better-sqlite3 12 is the last that runs on Node 20 (13 crashes there), and Node 24.19 and later abort the process when
 * the garbage collector frees one of its statements (better-sqlite3#1515). Version 13 is for Node 22 and later, and
 * brings its binaries along. So both are installed, and this is the one place that chooses.
 */
const FIRST_NODE_FOR_13 = 22

const load = createRequire(import.meta.url)
const isFor13 = Number.parseInt(process.versions.node, 10) >= FIRST_NODE_FOR_13

// Both have the interface that the types of 12 describe.
export const SqliteDatabase = load(isFor13 ? 'better-sqlite3-13' : 'better-sqlite3') as typeof Database
