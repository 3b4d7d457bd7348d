import { join } from 'node:path'
import Database, { type PragmaOptions } from 'better-sqlite3'
import { loadMigrations, migrate } from '../../src/store/migrations.js'
import { textKey } from '../../src/store/keys.js'
import { SqliteStore } from '../../src/store/sqlite-store.js'
import { withTempDir } from '../helpers/temp-dir.js'
import { formOptions } from './store-rig.js'

/** Lets something happen right after a pragma was read, as another process would. */
class OvertakenDatabase extends Database {
  #pragma = ''
  #happens: () => void = () => undefined

  afterNext(pragma: string, happens: () => void): void {
    this.#pragma = pragma
    this.#happens = happens
  }

  override pragma(source: string, options?: PragmaOptions): unknown {
    const value = super.pragma(source, options)
    if (source !== this.#pragma) return value
    this.#pragma = ''
    try {
      this.#happens()
    } catch {
      // Kept out by a lock: nothing happens in between, then.
    }
    return value
  }
}

const newest = loadMigrations().length

function version(db: Database.Database): unknown {
  return db.pragma('user_version', { simple: true })
}

describe('migrations', () => {
  it('are numbered without a gap', () => {
    expect(loadMigrations().map((migration) => migration.version)).toEqual(
      Array.from({ length: newest }, (_, index) => index + 1)
    )
  })

  it('bring an empty database up to date and mark it as ours', () => {
    const db = new Database(':memory:')
    migrate(db, 'x.db')
    expect(version(db)).toBe(newest)
    expect(db.pragma('application_id', { simple: true })).toBe(0x444f5054)
    migrate(db, 'x.db')
    expect(version(db)).toBe(newest)
  })

  it('run once each, in order, those that are new', () => {
    const db = new Database(':memory:')
    const first = { version: 1, sql: 'create table numbers (value integer) strict' }
    const second = { version: 2, sql: 'insert into numbers values (2)' }
    migrate(db, 'x.db', [first])
    migrate(db, 'x.db', [first, second])
    migrate(db, 'x.db', [first, second])
    expect(db.prepare('select value from numbers').pluck().all()).toEqual([2])
    expect(version(db)).toBe(2)
  })

  it('leave nothing of one that fails, and can be run again', () => {
    const db = new Database(':memory:')
    const first = { version: 1, sql: 'create table numbers (value integer) strict' }
    const broken = { version: 2, sql: 'insert into numbers values (2); insert into nowhere values (1)' }
    expect(() => migrate(db, 'x.db', [first, broken])).toThrow('nowhere')
    expect(version(db)).toBe(1)
    expect(db.prepare('select value from numbers').all()).toEqual([])
    migrate(db, 'x.db', [first, { version: 2, sql: 'insert into numbers values (3)' }])
    expect(version(db)).toBe(2)
  })

  it('do not take a store that another process makes at this very moment for that of another program', async () => {
    await withTempDir((dir) => {
      const file = join(dir, 'store.db')
      const db = new OvertakenDatabase(file, { timeout: 0 })
      db.pragma('journal_mode = wal')
      const other = new Database(file, { timeout: 0 })
      db.afterNext('application_id', () => migrate(other, file))
      migrate(db, file)
      expect(version(db)).toBe(newest)
      other.close()
      db.close()
    })
  })

  it('bring the events of the first version over, each where it stands', async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, 'store.db')
      const old = new Database(file)
      migrate(old, file, loadMigrations().slice(0, 1))
      const insertEvent = old.prepare('insert into events values (?, ?, ?, ?, ?, ?)')
      const insertLedger = old.prepare('insert into ledger values (?, ?, ?, ?, ?, ?)')
      const stand = [
        { seq: 1, user: 'a', batch: 1, supersededBy: 3, uncertain: 0 },
        { seq: 2, user: 'b', batch: 2, supersededBy: null, uncertain: 1 },
        { seq: 3, user: 'a', batch: 1, supersededBy: null, uncertain: 0 },
        { seq: 4, user: 'c', batch: null, supersededBy: null, uncertain: 1 },
        { seq: 9, user: 'gone', batch: null, supersededBy: null, uncertain: 0 }
      ]
      for (const { seq, user, batch, supersededBy, uncertain } of stand) {
        insertEvent.run(seq, textKey(`m-${seq}`), `m-${seq}`, user, 1000 + seq, `{"n":${seq}}`)
        insertLedger.run(seq, textKey(user), seq, batch, supersededBy, uncertain)
      }
      old.exec(`insert into batches (id, state, users, events, superseded, created_at, settled_at)
                values (1, 'delivered', 1, 2, 1, 5, 6), (2, 'failed', 1, 1, 0, 5, 7);
                insert into counters values ('accepted', 5), ('removed', 1);
                delete from events where seq = 9;
                delete from ledger where seq = 9`)
      old.close()

      const store = SqliteStore.open(file)
      const { events } = await store.books()
      expect(events).toMatchObject({ pending: 1, delivered: 1, superseded: 1, failed: 1 })
      expect(await store.getEvent('m-1')).toMatchObject({ state: 'superseded', supersededBy: 'm-3', identifier: 'a' })
      expect(await store.getEvent('m-2')).toMatchObject({ state: 'failed', eventTime: 2, arrivedAt: 1002, batchId: 2 })
      const next = { messageId: 'm-10', identifier: 'c', eventTime: 3, arrivedAt: 2000, properties: '{"n":10}' }
      // 9 was used once, by an event that is gone.
      expect(await store.accept({ events: [next], rejections: [], ignored: {} })).toMatchObject({
        range: { first: 10, last: 10 }
      })
      await store.resume(3000)
      const formed = await store.formBatch({ ...formOptions(), now: 3000 })
      expect(formed).toMatchObject({ batch: { entries: [{ identifier: 'c', properties: '{"n":4}' }], superseded: 1 } })
      await store.close()
    })
  })

  it('let the events of the second version go on as they stand, beside groups', async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, 'store.db')
      const old = new Database(file)
      migrate(old, file, loadMigrations().slice(0, 2))
      const insertEvent = old.prepare('insert into events values (?, ?, ?, ?, ?, ?, ?, ?)')
      const insertLedger = old.prepare('insert into ledger values (?, ?, ?, ?, ?, ?, ?)')
      for (const [seq, batch, supersededBy] of [[1, 1, 2] as const, [2, 1, null] as const, [3, null, null] as const]) {
        insertEvent.run(seq, textKey(`m-${seq}`), textKey('a'), seq, 1000 + seq, `m-${seq}`, 'a', `{"n":${seq}}`)
        insertLedger.run(batch === null ? 0 : 1, textKey('a'), seq, seq, batch, supersededBy, 0)
      }
      old.exec(`insert into batches (id, state, users, events, superseded, created_at, settled_at)
                values (1, 'delivered', 1, 2, 1, 5, 6);
                insert into user_history values ('gone', '[[9,9,["n"]]]');
                insert into counters values ('accepted', 3)`)
      old.close()

      const store = SqliteStore.open(file)
      expect((await store.books()).events).toMatchObject({ pending: 1, delivered: 1, superseded: 1 })
      expect(await store.countStates([{ first: 1, last: 9 }])).toMatchObject({
        pending: 1,
        delivered: 1,
        superseded: 1
      })
      expect(await store.partsOfEvent('m-1')).toMatchObject([{ subject: 'user', turn: 'now', groups: [] }])
      const again = { messageId: 'm-3', identifier: 'a', eventTime: 3, arrivedAt: 2000, properties: '{"n":3}' }
      expect(await store.accept({ events: [again], rejections: [], ignored: {} })).toMatchObject({ duplicates: 1 })
      const times = { eventTime: 1, arrivedAt: 2000 }
      const group = { messageId: 'g', subject: 'group', identifier: 'gone', properties: '{"n":1}', ...times } as const
      await store.accept({ events: [group], rejections: [], ignored: {} })
      await store.resume(3000)
      const formed = [await store.formBatch(formOptions()), await store.formBatch(formOptions())]
      expect(formed).toMatchObject([
        { batch: { subject: 'user', entries: [{ identifier: 'a', properties: '{"n":3}' }] } },
        { batch: { subject: 'group', entries: [{ identifier: 'gone', properties: '{"n":1}' }] } }
      ])
      await store.close()
    })
  })

  it('refuse what is newer, and what is not ours', () => {
    const newer = new Database(':memory:')
    migrate(newer, 'x.db')
    newer.pragma('user_version = 99')
    expect(() => migrate(newer, 'x.db')).toThrow('newer dopt-destination')

    const other = new Database(':memory:')
    other.exec('create table notes (text text)')
    expect(() => migrate(other, 'x.db')).toThrow("another program's database")
    expect(version(other)).toBe(0)
  })
})
