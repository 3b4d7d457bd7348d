import type { Database } from 'better-sqlite3'
import { isNewer, type DeliveredNames } from './plan-users.js'

type Stored = Array<[eventTime: number, seq: number, names: string[]]>

/**
 * What law 4 still has to know of delivered events that retention has removed: for each user, which names they gave their
 * newest values, and when. Without it an old event that is replayed, or arrives late, after the removal would win.
 */
export function prepareUserHistory(db: Database) {
  const select = db.prepare<[string], string>('select newest from user_history where identifier = ?').pluck()
  const upsert = db.prepare<[string, string]>(
    'insert into user_history (identifier, newest) values (?, ?) on conflict (identifier) do update set newest = excluded.newest'
  )
  const remove = db.prepare<[string]>('delete from user_history where identifier = ?')
  const any = db.prepare<[], number>('select 1 from user_history limit 1').pluck()

  function read(identifier: string): DeliveredNames[] {
    const text = select.get(identifier)
    if (text === undefined) return []
    return (JSON.parse(text) as Stored).map(([eventTime, seq, names]) => ({ eventTime, seq, names }))
  }

  /** Adds delivered events that are about to be removed. */
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
    forget: (identifier: string): number => remove.run(identifier).changes
  }
}
