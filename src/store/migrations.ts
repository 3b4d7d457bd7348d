import { readdirSync, readFileSync } from 'node:fs'
import type { Database } from 'better-sqlite3'
import { StoreError } from './errors.js'

const SQL_FOLDER = new URL('../../sql/', import.meta.url)

/** Marks a file as ours ("DOPT"), so that another program's database is never migrated. */
const APPLICATION_ID = 0x444f5054

interface Migration {
  version: number
  sql: string
}

/** The numbered files of `sql/`, in order. */
export function loadMigrations(): Migration[] {
  return readdirSync(SQL_FOLDER)
    .filter((name) => /^\d{4}-.*\.sql$/.test(name))
    .sort()
    .map((name) => ({ version: Number(name.slice(0, 4)), sql: readFileSync(new URL(name, SQL_FOLDER), 'utf8') }))
}

function pragmaNumber(db: Database, name: string): number {
  return Number(db.pragma(name, { simple: true }))
}

/** Refuses a database of another program, or of a newer version, without writing to it. Throws StoreError. */
export function checkOurs(db: Database, file: string, migrations = loadMigrations()): void {
  // One transaction, so that a store that another process is just creating is seen complete or not at all.
  const { applicationId, tables } = db.transaction(() => ({
    applicationId: pragmaNumber(db, 'application_id'),
    tables: Number(db.prepare('select count(*) from sqlite_schema').pluck().get())
  }))()
  if (applicationId !== APPLICATION_ID && (applicationId !== 0 || tables > 0)) {
    throw new StoreError('not-a-database', `${file} is another program's database: name another file with --store`)
  }
  const version = pragmaNumber(db, 'user_version')
  const newest = migrations.at(-1)?.version ?? 0
  if (version <= newest) return
  throw new StoreError(
    'newer',
    `${file} was written by a newer dopt-destination (store version ${version}; this one supports up to ${newest}): ` +
      'update dopt-destination, or name another file with --store'
  )
}

/** Brings a database of ours up to date, one transaction per migration. */
export function migrate(db: Database, file: string, migrations = loadMigrations()): void {
  checkOurs(db, file, migrations)
  for (const migration of migrations) {
    if (migration.version <= pragmaNumber(db, 'user_version')) continue
    db.transaction(() => {
      // Another process may have migrated while this one waited for the lock.
      if (pragmaNumber(db, 'user_version') >= migration.version) return
      db.exec(migration.sql)
      db.pragma(`application_id = ${APPLICATION_ID}`)
      db.pragma(`user_version = ${migration.version}`)
    }).immediate()
  }
}
