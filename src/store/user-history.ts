import type { Database } from 'better-sqlite3'
import { subjectOf } from './keys.js'
import { isNewer, type DeliveredNames } from './plan-users.js'

type Stored = Array<[eventTime: number, seq: number, names: string[]]>

/**
 * What the newest-wins rule needs to know of delivered events that retention removed: for each user and group, which
 * properties they set last, and when. Without it, an old event that is replayed or arrives late after the removal would
 * win.
 */
export function prepareHistory(db: Database) {
  const histories = { user: prepareTable(db, 'user_history'), group: prepareTable(db, 'group_history') }
  const historyOf = (userKey: number): typeof histories.user => histories[subjectOf(userKey)]

  return {
    isEmpty: () => histories.user.isEmpty() && histories.group.isEmpty(),
    read: (userKey: number, identifier: string): DeliveredNames[] => historyOf(userKey).read(identifier),
    /** Records delivered events that are about to be removed. */
    add: (userKey: number, identifier: string, removed: readonly DeliveredNames[]): void =>
      historyOf(userKey).add(identifier, removed),
    forget: (userKey: number, identifier: string): void => historyOf(userKey).forget(identifier)
  }
}

function prepareTable(db: Database, table: 'user_history' | 'group_history') {
  const select = db.prepare<[string], string>(`select newest from ${table} where identifier = ?`).pluck()
  const upsert = db.prepare<[string, string]>(
    `insert into ${table} (identifier, newest) values (?, ?) on conflict (identifier) do update set newest = excluded.newest`
  )
  const remove = db.prepare<[string]>(`delete from ${table} where identifier = ?`)
  const any = db.prepare<[], number>(`select 1 from ${table} limit 1`).pluck()

  function read(identifier: string): DeliveredNames[] {
    const text = select.get(identifier)
    if (text === undefined) return []
    return (JSON.parse(text) as Stored).map(([eventTime, seq, names]) => ({ eventTime, seq, names }))
  }

  function add(identifier: string, removed: readonly DeliveredNames[]): void {
    const newestFirst = [...read(identifier), ...removed].sort((a, b) => (isNewer(a, b) ? -1 : 1))
    const seen = new Set<string>()
    const stored: Stored = []
    for (const { eventTime, seq, names } of newestFirst) {
      const newest = names.filter((name) => !seen.has(name))
      if (newest.length === 0) continue
      for (const name of newest) seen.add(name)
      stored.push([eventTime, seq, newest])
    }
    if (stored.length > 0) upsert.run(identifier, JSON.stringify(stored))
  }

  return {
    isEmpty: () => any.get() === undefined,
    read,
    add,
    forget: (identifier: string): void => void remove.run(identifier)
  }
}
