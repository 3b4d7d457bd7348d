import { join } from 'node:path'
import Database, { type PragmaOptions } from 'better-sqlite3'
import { loadMigrations, migrate } from '../../src/store/migrations.js'
import { withTempDir } from '../helpers/temp-dir.js'

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
