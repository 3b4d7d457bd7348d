import { join } from 'node:path'
import Database from 'better-sqlite3'
import { prepareWalLimit } from '../../src/store/wal-limit.js'
import { withTempDir } from '../helpers/temp-dir.js'

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
