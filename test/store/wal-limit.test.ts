import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { prepareWalLimit } from '../../src/store/wal-limit.js'
import { SqliteStore } from '../../src/store/sqlite-store.js'
import { identify, ndjson, STORE, withDesk } from '../cli/desk.js'
import { withTempDir } from '../helpers/temp-dir.js'
import { newEvent } from './new-events.js'

const MIB = 1024 * 1024

/** What the WAL may grow to, in MiB, beside databases of these sizes. */
async function limitsBeside(sizes: readonly number[], pageBytes: number, maxBytes?: number): Promise<number[]> {
  return withTempDir(async (dir) => {
    const db = new Database(join(dir, 'store.db'))
    db.pragma(`page_size = ${pageBytes}`)
    db.pragma('journal_mode = wal')
    db.pragma('synchronous = off')
    db.exec('create table filling (bytes blob)')
    const limitWal = prepareWalLimit(db, maxBytes)
    const limits = sizes.map((size) => {
      db.prepare('delete from filling').run()
      db.prepare('insert into filling values (zeroblob(?))').run(size * MIB)
      limitWal()
      return (Number(db.pragma('wal_autocheckpoint', { simple: true })) * pageBytes) / MIB
    })
    db.close()
    return Promise.resolve(limits)
  })
}

describe.each([[4096], [8192]])('the WAL of a database with pages of %d bytes', (pageBytes) => {
  it('may be some 32 MB, however large the database is', async () => {
    expect(await limitsBeside([1, 200], pageBytes)).toEqual([31.25, 31.25])
  })

  it('may be a quarter of a large one, as far as is allowed', async () => {
    const [small, large, tooLarge] = await limitsBeside([100, 160, 240], pageBytes, 50 * MIB)
    expect(small).toBe(31.25)
    expect(large).toBeGreaterThan(31.25)
    expect(large).toBeLessThanOrEqual(41)
    expect(tooLarge).toBe(50)
  })
})

const sizeOf = (file: string): number => (existsSync(file) ? statSync(file).size : 0)

it('a store lets its WAL grow beyond the 4 MB of a database that nobody has told otherwise', async () => {
  await withTempDir(async (dir) => {
    const file = join(dir, 'store.db')
    const store = SqliteStore.open(file, { synchronous: 'normal' })
    const properties = { text: 'x'.repeat(1_000_000) }
    for (let n = 0; n < 12; n++) {
      await store.accept({ events: [newEvent({ id: `m-${n}`, properties })], rejections: [], ignored: {} })
    }
    expect(sizeOf(`${file}-wal`)).toBeGreaterThan(12_000_000)
    await store.close()
  })
})

it('forward lets the WAL of a large store grow further', () =>
  withDesk(async ({ start, write, path }) => {
    const events = Array.from({ length: 240 }, (_, n) => identify(n, { traits: { text: 'x'.repeat(1_000_000) } }))
    write('large.ndjson', ndjson(events))
    const running = start(['forward', 'large.ndjson', '--accept-only'])
    let isOver = false
    void running.end.then(() => (isOver = true))
    let largest = 0
    while (!isOver) {
      largest = Math.max(largest, sizeOf(path(`${STORE}-wal`)))
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    expect((await running.end).code).toBe(0)
    // 32 MB and what is committed at once would be below this.
    expect(largest).toBeGreaterThan(42_000_000)
  }))
