import { chmodSync, realpathSync } from 'node:fs'
import type Database from 'better-sqlite3'
import { asStoreError, StoreError } from './errors.js'
import { createPrivateFile } from './open-database.js'
import { SqliteDatabase } from './sqlite-driver.js'

/**
 * Ensures one sender per store: an exclusive SQLite transaction kept open on a small file beside it. The operating
 * system releases the lock with the process, however that ends, so nothing needs cleaning up after a killed sender.
 */
export class SenderLock {
  private constructor(
    private readonly db: Database.Database,
    readonly file: string
  ) {}

  /** Throws StoreError `in-use` if another process, or another handle in this one, is the sender. */
  static take(storeFile: string): SenderLock {
    let file = storeFile
    let db: Database.Database | undefined
    try {
      // By its real path: a link to a store is not a second store.
      file = `${realpathSync(storeFile)}-sender`
      createPrivateFile(file)
      chmodSync(file, 0o600)
      db = new SqliteDatabase(file, { timeout: 0 })
      db.pragma('journal_mode = delete')
      db.exec('begin exclusive')
      return new SenderLock(db, file)
    } catch (error) {
      db?.close()
      const known = asStoreError(error, file)
      if (known instanceof StoreError && known.code === 'busy') {
        throw new StoreError(
          'in-use',
          `another process is sending from ${storeFile}: stop it first, or name another file with --store`,
          { cause: error }
        )
      }
      throw known
    }
  }

  release(): void {
    if (this.db.open) this.db.close()
  }
}
