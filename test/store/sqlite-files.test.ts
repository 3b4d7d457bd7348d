import { chmodSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { openDatabase } from '../../src/store/open-database.js'
import { SqliteStore } from '../../src/store/sqlite-store.js'
import { withChild } from '../helpers/child-process.js'
import { withTempDir } from '../helpers/temp-dir.js'
import { newEvent, START } from './new-events.js'
import { fingerprint, looseIn, modesIn, one, withStore } from './store-files.js'

describe('the store file', () => {
  it('is in WAL mode and flushed at every commit', async () => {
    await withTempDir((dir) => {
      const db = openDatabase(join(dir, 'store.db'))
      expect(db.pragma('journal_mode', { simple: true })).toBe('wal')
      expect(db.pragma('synchronous', { simple: true })).toBe(2)
      db.close()
    })
  })

  it('is flushed less often only where that was asked for', async () => {
    await withTempDir((dir) => {
      const db = openDatabase(join(dir, 'store.db'), { synchronous: 'normal' })
      expect(db.pragma('synchronous', { simple: true })).toBe(1)
      db.close()
    })
  })

  it('is for its owner only, and so is every file beside it', async () => {
    await withTempDir(async (dir) => {
      const umask = process.umask(0)
      try {
        await withStore(join(dir, 'store.db'), async (store) => {
          await store.resume(START)
          await store.accept(one())
          const names = ['store.db', 'store.db-wal', 'store.db-shm', 'store.db-sender']
          expect(Object.keys(modesIn(dir))).toEqual(expect.arrayContaining(names))
          expect(looseIn(dir)).toEqual([])
        })
      } finally {
        process.umask(umask)
      }
    })
  })

  it('that others can read is made private, with what a crash has left beside it', async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, 'store.db')
      await withChild(join(__dirname, 'store-process.ts'), [file], async (child) => {
        for (const command of ['resume', 'accept a']) {
          child.say(command)
          await child.nextLine()
        }
        await child.nextLine()
        await child.kill()
      })
      for (const name of readdirSync(dir)) chmodSync(join(dir, name), 0o644)
      await withStore(file, async (store) => {
        await store.resume(START)
        await store.accept(one())
        expect(looseIn(dir)).toEqual([])
        expect((await store.books()).events.pending).toBe(2)
      })
    })
  })

  it('may be there already, empty', async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, 'store.db')
      writeFileSync(file, '')
      await withStore(file, async (store) => expect((await store.accept(one())).accepted).toBe(1))
    })
  })

  it('can be opened and read while another program writes to it', async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, 'store.db')
      await withStore(file, (store) => store.accept(one()))
      const writer = new Database(file)
      writer.exec('begin immediate')
      try {
        await withStore(file, async (store) => expect((await store.books()).events.pending).toBe(1))
      } finally {
        writer.close()
      }
    })
  })

  it('is not written to by opening and reading it', async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, 'store.db')
      await withStore(file, (store) => store.accept(one()))
      const before = fingerprint(file)
      await withStore(file, (store) => store.books())
      expect(fingerprint(file)).toEqual(before)
    })
  })

  it('is named as it was given', async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, 'with space.db')
      await withStore(file, async (store) => expect(store.location).toBe(file))
    })
  })
})

describe('the limit on its size', () => {
  it('makes accept reject with the code limit, and lets everything else go on', async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, 'store.db')
      const store = SqliteStore.open(file, { maxBytes: 400_000 })
      await store.resume(START)
      let error: unknown
      let accepted = 0
      for (let n = 0; error === undefined && n < 1000; n++) {
        const events = [newEvent({ user: `u${n}`, properties: { text: 'x'.repeat(10_000) } })]
        await store.accept({ events, rejections: [], ignored: {} }).then(
          () => accepted++,
          (thrown: unknown) => (error = thrown)
        )
      }
      expect(error).toMatchObject({ name: 'StoreError', code: 'limit', isPassing: true })
      expect((await store.usage()).bytes).toBeLessThan(500_000)
      expect((await store.books()).intake.received).toBe(accepted)

      const formed = await store.formBatch({
        now: START,
        maxUsers: 100,
        maxBodyBytes: 1e9,
        api: 'bulk',
        flushBefore: Number.MAX_SAFE_INTEGER
      })
      expect(formed.kind).toBe('formed')
      await store.close()
    })
  })

  it('does not let an accept that it refuses take the writes of others with it', async () => {
    await withTempDir(async (dir) => {
      const store = SqliteStore.open(join(dir, 'store.db'), { maxBytes: 1 })
      const saved = store.saveEndpoint({ state: 'ok', since: START, lastError: undefined, nextProbeAt: undefined })
      const [accepted, resumed, kept] = await Promise.allSettled([store.accept(one()), store.resume(START), saved])
      expect(accepted).toMatchObject({ status: 'rejected', reason: { code: 'limit' } })
      expect(resumed.status).toBe('fulfilled')
      expect(kept.status).toBe('fulfilled')
      await store.close()
    })
  })
})
