/** Why a store cannot be used, or cannot do this now. */
export type StoreErrorCode =
  | 'not-a-database'
  | 'is-directory'
  | 'missing'
  | 'unwritable'
  | 'newer'
  | 'in-use'
  | 'full'
  | 'limit'
  | 'busy'
  | 'damaged'
  /** The file is not there any more, or the store's thread ended unexpectedly: open the store again to continue. */
  | 'gone'
  | 'closed'
  /** SQLite itself cannot be loaded. */
  | 'no-driver'

/**
 * An error of the store. `message` is one line that says what happened and what to do. With `full`, `limit` and `busy`
 * nothing was written, and the same call may succeed later; the other codes need someone to act.
 */
export class StoreError extends Error {
  override readonly name = 'StoreError'

  constructor(
    readonly code: StoreErrorCode,
    message: string,
    options?: { cause?: unknown }
  ) {
    super(message, options)
  }

  /** Whether the same call may succeed later. */
  get isPassing(): boolean {
    return this.code === 'full' || this.code === 'limit' || this.code === 'busy'
  }
}

/** The `code` of an error from Node or SQLite; empty if it has none. */
export function codeOf(error: unknown): string {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : ''
}

/** Whether the error is from the database, not from a check before it. */
export function isOfDatabase(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_')
}

/** Whether the database is damaged: a page was overwritten or lost. */
export function isDamage(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_CORRUPT')
}

/** Converts an error from SQLite to a StoreError; returns any other error unchanged. */
export function asStoreError(error: unknown, file: string): unknown {
  const code = codeOf(error)
  const cause = { cause: error }
  if (code.startsWith('SQLITE_FULL') || code === 'SQLITE_IOERR_WRITE' || code === 'SQLITE_IOERR_SHMSIZE') {
    return new StoreError(
      'full',
      `no space left to write to ${file}: free some disk space and try again; nothing that was accepted is lost`,
      cause
    )
  }
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new StoreError('busy', `${file} is locked by another program: close that program, or wait`, cause)
  }
  if (code.startsWith('SQLITE_NOTADB')) {
    return new StoreError('not-a-database', `${file} is not a database: name another file with --store`, cause)
  }
  if (isDamage(error)) {
    return new StoreError(
      'damaged',
      `${file} is damaged: keep a copy, then recover it with "sqlite3 ${file} .recover" into a new file`,
      cause
    )
  }
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_CANTOPEN') || code.startsWith('SQLITE_PERM')) {
    return new StoreError(
      'unwritable',
      `cannot write to ${file}: check its folder's permissions, or name another file with --store`,
      cause
    )
  }
  if (code.startsWith('SQLITE_IOERR')) {
    return new StoreError(
      'full',
      `the disk refused to write ${file} (${code}): check the disk; nothing that was accepted is lost`,
      cause
    )
  }
  return error
}
