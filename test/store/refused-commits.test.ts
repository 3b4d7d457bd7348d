import { statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { StoreError } from '../../src/store/errors.js'
import { GroupCommit } from '../../src/store/group-commit.js'
import { SqliteStore } from '../../src/store/sqlite-store.js'
import { withTempDir } from '../helpers/temp-dir.js'
import { newEvent, START } from './new-events.js'

const withCommits = (use: (commits: GroupCommit, insert: () => void, file: string) => Promise<void>): Promise<void> =>
  withTempDir(async (dir) => {
    const file = join(dir, 'x.db')
    const db = new Database(file, { timeout: 0 })
    db.exec('create table n (v integer)')
    const insert = db.prepare('insert into n values (1)')
    try {
      await use(new GroupCommit(db, file), () => void insert.run(), file)
    } finally {
      db.close()
    }
  })

describe('a commit that is refused', () => {
  it('for a damaged page costs the write that met it, and no other', () =>
    withCommits(async (commits, insert) => {
      const damaged = (): never => {
        throw Object.assign(new Error('malformed'), { code: 'SQLITE_CORRUPT' })
      }
      const results = await Promise.allSettled([commits.write(insert), commits.write(damaged)])
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    }))

  it('because of a lock waits for each lock anew', () =>
    withCommits(async (commits, insert, file) => {
      const writeWhileLocked = async (): Promise<void> => {
        const other = new Database(file)
        other.exec('begin immediate')
        const written = commits.write(insert)
        await new Promise((resolve) => setTimeout(resolve, 60))
        other.close()
        await written
      }
      await writeWhileLocked()
      const now = Date.now
      const later = jest.spyOn(Date, 'now').mockImplementation(() => now() + 60_000)
      try {
        await expect(writeWhileLocked()).resolves.toBeUndefined()
      } finally {
        later.mockRestore()
      }
    }))

  it('because of a lock is told to each write when it has waited as long as it would', () =>
    withCommits(async (commits, insert, file) => {
      const other = new Database(file)
      other.exec('begin immediate')
      const order: string[] = []
      const write = async (name: string, lockWaitMs?: number): Promise<void> => {
        await commits
          .write(insert, undefined, lockWaitMs)
          .catch(({ code }: StoreError) => order.push(`${name}: ${code}`))
        order.push(`${name} is over`)
      }
      const patient = write('patient')
      await write('hasty', 30)
      other.close()
      await patient
      expect(order).toEqual(['hasty: busy', 'hasty is over', 'patient is over'])
    }))

  it('because of a lock is told sooner, where that is wanted, to those whose events are to be accepted', () =>
    withTempDir(async (dir) => {
      const file = join(dir, 'store.db')
      const store = SqliteStore.open(file, { acceptLockWaitMs: 1 })
      const other = new Database(file)
      other.exec('begin immediate')
      const saved = store.saveEndpoint({ state: 'ok', since: START, lastError: undefined, nextProbeAt: undefined })
      const accepted = store.accept({ events: [newEvent()], rejections: [], ignored: {} })
      await expect(accepted).rejects.toMatchObject({ code: 'busy' })
      await expect(store.tryToWrite()).rejects.toMatchObject({ code: 'busy' })
      other.close()
      await saved
      await store.close()
    }))

  it('leaves the users free whose batch it was to be', () =>
    withTempDir(async (dir) => {
      const store = SqliteStore.open(join(dir, 'store.db'))
      await store.resume(START)
      await store.accept({ events: [newEvent()], rejections: [], ignored: {} })
      const options = { now: START * 2, maxUsers: 100, maxBodyBytes: 5e5, api: 'bulk', flushBefore: Infinity } as const
      // The batch is formed, and then the disk has no room for it.
      const write = Reflect.get(GroupCommit.prototype, 'write') as (
        this: GroupCommit,
        run: () => void
      ) => Promise<never>
      jest.spyOn(GroupCommit.prototype, 'write').mockImplementationOnce(function (this: GroupCommit, run) {
        return write.call(this, () => {
          run()
          throw Object.assign(new Error('full'), { code: 'SQLITE_FULL' })
        })
      })
      await expect(store.formBatch(options)).rejects.toMatchObject({ code: 'full' })
      expect(await store.formBatch(options)).toMatchObject({ kind: 'formed' })
      await store.close()
    }))
})

it('a store that has exactly its limit takes no more', () =>
  withTempDir(async (dir) => {
    const file = join(dir, 'store.db')
    const first = SqliteStore.open(file)
    const { bytes } = await first.usage()
    await first.close()
    const store = SqliteStore.open(file, { maxBytes: bytes })
    await expect(store.accept({ events: [], rejections: [], ignored: {} })).rejects.toMatchObject({ code: 'limit' })
    await expect(store.tryToWrite()).rejects.toMatchObject({ code: 'limit' })
    await store.close()
  }))

it('a try to write takes room on the disk each time, as much as a large event', () =>
  withTempDir(async (dir) => {
    const file = join(dir, 'store.db')
    const store = SqliteStore.open(file)
    const bytes = (): number => statSync(`${file}-wal`).size
    for (let n = 0; n < 3; n++) {
      const before = bytes()
      await store.tryToWrite()
      expect(bytes() - before).toBeGreaterThan(32 * 1024)
    }
    await store.close()
  }))
