/** Why a store cannot be used, or cannot do what was asked just now. */
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
  /** Its thread has ended by itself: whoever opens it again goes on. */
  | 'gone'
  | 'closed'

/**
 * A store's trouble. `message` is one line that says what happened and what to do. With `full`, `limit` and `busy`
 * nothing was written and the same call may succeed later; the other codes need a person.
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

  get isPassing(): boolean {
    return this.code === 'full' || this.code === 'limit' || this.code === 'busy'
  }
}

/** The `code` that Node's and SQLite's errors carry; empty where there is none. */
export function codeOf(error: unknown): string {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : ''
}

/** Whether the database itself refused, as opposed to something that was found out before it was asked. */
export function isOfDatabase(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_')
}

/** Whether what was read made no sense: a page was overwritten, or lost. */
export function isDamage(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_CORRUPT')
}

/** Turns what SQLite threw into a StoreError; anything else comes back as it is. */
export function asStoreError(error: unknown, file: string): unknown {
  const code = codeOf(error)
  const cause = { cause: error }
  if (code.startsWith('SQLITE_FULL') || code === 'SQLITE_IOERR_WRITE' || code === 'SQLITE_IOERR_SHMSIZE') {
    return new StoreError(
      'full',
      `no space left to write to ${file}: free some disk space and try again; nothing is lost`,
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
    return new StoreError('full', `the disk refused to write ${file} (${code}): check the disk; nothing is lost`, cause)
  }
  return error
}
