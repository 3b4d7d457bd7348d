import { chmodSync, existsSync, mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { requireDriver } from '../../src/store/sqlite-driver.js'
import { SqliteStore, type SqliteStoreOptions } from '../../src/store/sqlite-store.js'
import { withChild } from '../helpers/child-process.js'
import { withTempDir } from '../helpers/temp-dir.js'
import { fingerprint, looseIn, one, withStore } from './store-files.js'

/** The error that opening a file ends with. */
function refusal(file: string, options: SqliteStoreOptions = {}): unknown {
  try {
    const store = SqliteStore.open(file, options)
    void store.close()
  } catch (error) {
    return error
  }
  throw new Error(`${file} was opened`)
}

/** What becomes of an event in a store of that name once the store is closed. */
async function keeps(file: string): Promise<'refused' | 'kept' | 'lost'> {
  let store: SqliteStore
  try {
    store = SqliteStore.open(file)
  } catch (error) {
    expect(error).toMatchObject({ name: 'StoreError' })
    return 'refused'
  }
  await store.accept(one())
  expect(looseIn('.')).toEqual([])
  await store.close()
  return withStore(file, async (again) => ((await again.books()).events.pending === 1 ? 'kept' : 'lost'))
}

/** A program's database that is not ours, with a table, readable by everyone. */
function otherProgramsDatabase(file: string, applicationId = 0): void {
  const db = new Database(file)
  db.exec(`pragma application_id = ${applicationId}; create table notes (text text); insert into notes values ('keep')`)
  db.close()
  chmodSync(file, 0o644)
}

describe('what cannot be a store', () => {
  it("another program's database is refused and not touched", async () => {
    await withTempDir((dir) => {
      for (const applicationId of [0, 0x12345678]) {
        const file = join(dir, `other-${applicationId}.db`)
        otherProgramsDatabase(file, applicationId)
        const before = fingerprint(file)
        expect(refusal(file)).toMatchObject({ name: 'StoreError', code: 'not-a-database', isPassing: false })
        expect(fingerprint(file)).toEqual(before)
      }
      expect(readdirSync(dir)).toHaveLength(2)
    })
  })

  it('a file that is no database is refused and not touched', async () => {
    await withTempDir((dir) => {
      const file = join(dir, 'notes.txt')
      writeFileSync(file, 'These are notes. '.repeat(500), { mode: 0o644 })
      chmodSync(file, 0o644)
      const before = fingerprint(file)
      expect(refusal(file)).toMatchObject({ name: 'StoreError', code: 'not-a-database' })
      expect(fingerprint(file)).toEqual(before)
      expect(readdirSync(dir)).toEqual(['notes.txt'])
    })
  })

  it('a database of a newer version is refused and not touched', async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, 'store.db')
      await withStore(file, (store) => store.accept(one()))
      const db = new Database(file)
      db.pragma('user_version = 99')
      db.close()
      const before = fingerprint(file)
      const error = refusal(file)
      expect(error).toMatchObject({ name: 'StoreError', code: 'newer' })
      expect(String(error)).toContain('update dopt-destination')
      expect(fingerprint(file)).toEqual(before)
    })
  })

  it('a folder is refused', async () => {
    await withTempDir((dir) => {
      expect(refusal(dir)).toMatchObject({ name: 'StoreError', code: 'is-directory' })
    })
  })

  it('a file in a folder that is not there is refused, and the folder is not made', async () => {
    await withTempDir((dir) => {
      expect(refusal(join(dir, 'no', 'store.db'))).toMatchObject({ name: 'StoreError', code: 'missing' })
      expect(readdirSync(dir)).toEqual([])
    })
  })

  it('a file that must exist and does not is refused, and not made', async () => {
    await withTempDir((dir) => {
      const file = join(dir, 'store.db')
      expect(refusal(file, { mustExist: true })).toMatchObject({ name: 'StoreError', code: 'missing' })
      expect(existsSync(file)).toBe(false)
    })
  })

  it('a driver that was not built is named, with what to do', () => {
    const cause = new Error('Could not locate the bindings file')
    const broken = class {
      constructor() {
        throw cause
      }
      close(): void {}
    }
    expect(() => requireDriver(broken)).toThrow(
      expect.objectContaining({ name: 'StoreError', code: 'no-driver', cause }) as Error
    )
    expect(() => requireDriver(broken)).toThrow(/allow the install script of better-sqlite3\S*, and run "npm rebuild/)
    expect(() => requireDriver()).not.toThrow()
  })

  it('a place where nothing can be written is refused', async () => {
    // Root may write anywhere, so the attempt is made by nobody in particular.
    const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
    await withTempDir(async (dir) => {
      const closed = join(dir, 'closed')
      mkdirSync(closed)
      chmodSync(dir, 0o755)
      chmodSync(closed, 0o555)
      const script = join(__dirname, 'store-process.ts')
      await withChild(
        script,
        [join(closed, 'store.db')],
        async (child) => {
          expect(await child.nextLine()).toBe('error unwritable')
        },
        nobody
      )
    })
  })

  it('a name that SQLite takes for a database in memory is refused, or is a file like any other', async () => {
    await withTempDir(async (dir) => {
      const before = process.cwd()
      process.chdir(dir)
      try {
        for (const name of [':memory:', ' ', '', 'store.db ']) expect(await keeps(name)).not.toBe('lost')
      } finally {
        process.chdir(before)
      }
    })
  })

  it('a store whose pages are gone is damaged, and says so', async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, 'store.db')
      await withStore(file, async (store) => {
        for (let n = 0; n < 30; n++) await store.accept(one())
      })
      truncateSync(file, 3 * 4096)
      let error: unknown
      try {
        await withStore(file, async (store) => {
          await store.accept(one())
          await store.books()
        })
      } catch (thrown) {
        error = thrown
      }
      expect(error).toMatchObject({ name: 'StoreError', code: 'damaged', isPassing: false })
    })
  })
})
