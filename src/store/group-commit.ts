import { realpathSync } from 'node:fs'
import type { Database } from 'better-sqlite3'
import { asStoreError, isOfDatabase, StoreError } from './errors.js'
import { InPlace } from './in-place.js'
import { prepareWalLimit } from './wal-limit.js'

/** How long a write waits for another process to unlock the database, and how often it checks. */
const LOCK_WAIT_MS = 10_000
const LOCK_POLL_MS = 20

interface Write {
  lockWaitMs: number
  /** When it first found the database locked. */
  lockedAt: number | undefined
  admit: (() => void) | undefined
  run: () => void
  reject: (error: unknown) => void
  resolve: () => void
}

/**
 * Lets writes that arrive together share one transaction, and so one flush of the disk: a flush costs as much as
 * hundreds of rows. Writes run in the order in which they were requested. A promise resolves after the commit. If the
 * database refuses (because the disk is full, for example), nothing was written and every write of the transaction is
 * rejected with the reason; if one write fails by itself, or meets a damaged page, the others are still done.
 *
 * Writes have no savepoints of their own: with one open, SQLite keeps a journal for every statement, which made
 * accepting an event three times as expensive. Instead, a failure undoes the whole transaction, and then each write
 * runs again in a transaction of its own. So it must be possible to run a write twice.
 */
export class GroupCommit {
  readonly #queue: Write[] = []
  #scheduled = false
  #closed = false
  readonly #begin
  readonly #commit
  readonly #rollback
  readonly #limitWal
  readonly #inPlace

  constructor(
    private readonly db: Database,
    private readonly file: string,
    maxWalBytes?: number
  ) {
    this.#begin = db.prepare('begin immediate')
    this.#commit = db.prepare('commit')
    this.#rollback = db.prepare('rollback')
    this.#limitWal = prepareWalLimit(db, maxWalBytes)
    this.#inPlace = new InPlace(db.name, `${realpathSync(db.name)}-wal`)
  }

  /** From now on, nothing is committed once this file is no longer where it is. */
  dependOn(file: string): void {
    this.#inPlace.watch(file)
  }

  /**
   * `admit` runs right before `run`; if it throws, only this write is rejected with that error, and `run` is not
   * called. If the database stays locked for longer than `lockWaitMs`, the write is rejected with `busy`.
   */
  write<T>(run: () => T, admit?: () => void, lockWaitMs = LOCK_WAIT_MS): Promise<T> {
    if (this.#closed) return Promise.reject(new StoreError('closed', `the store ${this.file} is closed`))
    return new Promise<T>((resolve, reject) => {
      let result: T
      const settling = { resolve: () => resolve(result), reject }
      this.#queue.push({ admit, run: () => (result = run()), ...settling, lockWaitMs, lockedAt: undefined })
      if (!this.#scheduled) {
        this.#scheduled = true
        setImmediate(() => this.flush())
      }
    })
  }

  /** Commits all waiting writes now. */
  flush(): void {
    this.#scheduled = false
    if (this.#queue.length === 0) return
    const missing = this.#inPlace.findMissing()
    if (missing !== undefined) {
      const gone = new StoreError('gone', `${missing} was deleted, moved or replaced while in use: restart`)
      for (const write of this.#queue.splice(0)) write.reject(gone)
      return
    }
    try {
      this.#begin.run()
    } catch (error) {
      this.#waitOrReject(asStoreError(error, this.file))
      return
    }
    this.#commitTogether(this.#queue.splice(0))
  }

  /** Runs these writes in the open transaction, and ends it. */
  #commitTogether(writes: readonly Write[]): void {
    const admitted = new Set(writes)
    try {
      for (const write of writes) {
        if (isAdmitted(write)) write.run()
        else admitted.delete(write)
      }
      this.#limitWal()
      this.#commit.run()
    } catch (error) {
      if (this.db.inTransaction) this.#rollback.run()
      const known = asStoreError(error, this.file)
      const concernsAll = isOfDatabase(error) && known instanceof StoreError && known.isPassing
      for (const write of admitted) {
        if (concernsAll || admitted.size === 1) write.reject(known)
        else this.#commitAlone(write)
      }
      return
    }
    for (const write of admitted) write.resolve()
  }

  #commitAlone(write: Write): void {
    try {
      this.#begin.run()
    } catch (error) {
      write.reject(asStoreError(error, this.file))
      return
    }
    this.#commitTogether([write])
  }

  /** Another process is writing: retries soon, without blocking, the writes that have not waited too long. */
  #waitOrReject(error: unknown): void {
    const isLocked = error instanceof StoreError && error.code === 'busy' && !this.#closed
    const now = Date.now()
    for (const write of this.#queue.splice(0)) {
      write.lockedAt ??= now
      if (isLocked && now - write.lockedAt <= write.lockWaitMs) this.#queue.push(write)
      else write.reject(error)
    }
    if (this.#queue.length === 0) return
    this.#scheduled = true
    setTimeout(() => this.flush(), LOCK_POLL_MS)
  }

  close(): void {
    this.#closed = true
    this.flush()
  }
}

function isAdmitted(write: Write): boolean {
  try {
    write.admit?.()
    return true
  } catch (error) {
    write.reject(error)
    return false
  }
}
