import { accessSync, chmodSync, closeSync, constants, existsSync, openSync, realpathSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type Database from 'better-sqlite3'
import { asStoreError, codeOf, StoreError } from './errors.js'
import { checkOurs, migrate } from './migrations.js'
import { requireDriver, SqliteDatabase } from './sqlite-driver.js'

export interface OpenOptions {
  /** `full` flushes to disk at every commit; `normal` may lose the last commits if the machine crashes. */
  synchronous?: 'full' | 'normal'
  /** Refuse to create the file. */
  mustExist?: boolean
}

const CACHE_KIB = 8 * 1024
/**
 * SQLite blocks the event loop while it waits for another process's lock, so it waits only this long; then GroupCommit
 * does.
 */
const LOCK_WAIT_MS = 250

/**
 * Opens the database file, creating or migrating it if needed. A file that is not a store of ours is refused,
 * unchanged. Throws StoreError.
 */
export function openDatabase(name: string, options: OpenOptions = {}): Database.Database {
  // An absolute path, so that SQLite never treats the name as a database in memory; trimmed, as the driver does.
  const file = resolve(name.trim())
  requireDriver()
  const isNew = claimFile(file, name, options.mustExist ?? false)
  let db: Database.Database | undefined
  try {
    db = new SqliteDatabase(file, { timeout: LOCK_WAIT_MS })
    checkOurs(db, name)
    makePrivate(file)
    // Possible only in a new file: lets `prune` return space in small steps.
    if (isNew) db.pragma('auto_vacuum = incremental')
    db.pragma('journal_mode = wal')
    db.pragma(`synchronous = ${options.synchronous ?? 'full'}`)
    // Tests ensure that references are valid; checking them at every insert would cost the hot path a look-up.
    db.pragma('foreign_keys = off')
    db.pragma(`cache_size = -${CACHE_KIB}`)
    db.pragma('temp_store = memory')
    migrate(db, name)
    return db
  } catch (error) {
    db?.close()
    throw asStoreError(error, name)
  }
}

/** Makes sure that the file exists and is writable; true if it was just created, or is empty. */
function claimFile(file: string, name: string, mustExist: boolean): boolean {
  const existing = existsSync(file) ? statSync(file) : undefined
  if (existing?.isDirectory()) {
    throw new StoreError(
      'is-directory',
      `${name} is a directory: name a file with --store, such as ${name}/dopt-destination.db`
    )
  }
  if (existing !== undefined && !existing.isFile()) {
    throw new StoreError('not-a-database', `${name} is not a file: name another one with --store`)
  }
  // A reader does not turn an empty file into a store either.
  if (mustExist && (existing === undefined || existing.size === 0)) {
    throw new StoreError(
      'missing',
      `there is no store at ${name}: name it with --store, or run "forward" first to create one`
    )
  }
  if (!existsSync(dirname(file))) {
    throw new StoreError(
      'missing',
      `the folder ${dirname(file)} does not exist: create it, or name another file with --store`
    )
  }
  try {
    if (existing === undefined) createPrivateFile(file)
    else accessSync(file, constants.W_OK)
  } catch (error) {
    const reason = codeOf(error)
    throw new StoreError(
      reason === 'ENOSPC' ? 'full' : 'unwritable',
      `cannot write to ${name} (${reason}): check its folder's permissions and space, or name another file with --store`,
      { cause: error }
    )
  }
  return existing === undefined || existing.size === 0
}

/**
 * Creates a file that only we can read, if it does not exist. Never opens an existing one: closing it would release
 * every lock that this process has on it, including SQLite's (POSIX).
 */
export function createPrivateFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
}

/** For the database, and files that a crash left beside it: SQLite gives new WAL files the mode of the database. */
function makePrivate(name: string): void {
  // They are beside the file itself, not beside a link to it.
  const file = realpathSync(name)
  for (const part of [file, `${file}-wal`, `${file}-shm`]) {
    try {
      if ((statSync(part).mode & 0o077) !== 0) chmodSync(part, 0o600)
    } catch {
      // Missing; or another user's file, which its owner protects.
    }
  }
}
