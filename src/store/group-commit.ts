import type { Database } from 'better-sqlite3'
import { asStoreError, isOfDatabase, StoreError } from './errors.js'

/** How long writes wait for another process to let go of the database, and how often they ask. */
const LOCK_TIMEOUT_MS = 10_000
const LOCK_POLL_MS = 20

interface Write {
  run: () => void
  reject: (error: unknown) => void
  resolve: () => void
}

/**
 * Lets writes that arrive together share one transaction, and so one flush of the disk: a flush costs as much as
 * hundreds of rows. Writes run in the order in which they were asked for. A promise resolves after the commit; when
 * the transaction fails nothing of it was written and every write in it is rejected with the reason.
 */
export class GroupCommit {
  readonly #queue: Write[] = []
  #scheduled = false
  #lockedSince: number | undefined
  #closed = false
  readonly #begin
  readonly #commit
  readonly #rollback
  readonly #savepoint
  readonly #release
  readonly #undo

  constructor(
    private readonly db: Database,
    private readonly file: string
  ) {
    this.#begin = db.prepare('begin immediate')
    this.#commit = db.prepare('commit')
    this.#rollback = db.prepare('rollback')
    this.#savepoint = db.prepare('savepoint one_write')
    this.#release = db.prepare('release one_write')
    this.#undo = db.prepare('rollback to one_write')
  }

  write<T>(run: () => T): Promise<T> {
    if (this.#closed) return Promise.reject(new StoreError('closed', `the store ${this.file} is closed`))
    return new Promise<T>((resolve, reject) => {
      let result: T
      this.#queue.push({ run: () => (result = run()), resolve: () => resolve(result), reject })
      if (!this.#scheduled) {
        this.#scheduled = true
        setImmediate(() => this.flush())
      }
    })
  }

  /** Commits all that waits, now. */
  flush(): void {
    this.#scheduled = false
    if (this.#queue.length === 0) return
    let writes: Write[] = []
    try {
      this.#begin.run()
      writes = this.#queue.splice(0)
      const done = writes.filter((write) => this.#runAlone(write))
      this.#commit.run()
      for (const write of done) write.resolve()
    } catch (error) {
      if (this.db.inTransaction) this.#rollback.run()
      const known = asStoreError(error, this.file)
      if (writes.length === 0 && this.#waitForLock(known)) return
      for (const write of [...writes, ...this.#queue.splice(0)]) write.reject(known)
      return
    }
    this.#lockedSince = undefined
  }

  /**
   * Runs one write of the transaction. One that refuses by itself (the store is at its limit, say) is undone and rejected
   * alone, and false; what the database refuses is thrown, for it concerns them all.
   */
  #runAlone(write: Write): boolean {
    this.#savepoint.run()
    try {
      write.run()
    } catch (error) {
      if (isOfDatabase(error)) throw error
      this.#undo.run()
      this.#release.run()
      write.reject(error)
      return false
    }
    this.#release.run()
    return true
  }

  /** Another process is writing: asks again soon, without blocking this one. False when that has gone on for too long. */
  #waitForLock(error: unknown): boolean {
    if (!(error instanceof StoreError) || error.code !== 'busy' || this.#closed) return false
    this.#lockedSince ??= Date.now()
    if (Date.now() - this.#lockedSince > LOCK_TIMEOUT_MS) {
      this.#lockedSince = undefined
      return false
    }
    this.#scheduled = true
    setTimeout(() => this.flush(), LOCK_POLL_MS)
    return true
  }

  close(): void {
    this.#closed = true
    this.flush()
  }
}
