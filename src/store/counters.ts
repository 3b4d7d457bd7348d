import type { Database } from 'better-sqlite3'

/** Totals that cannot be counted from rows, or not any more. */
export const COUNTERS = {
  accepted: 'accepted',
  duplicates: 'duplicates',
  rejected: 'rejected',
  prunedDelivered: 'pruned-delivered',
  prunedSuperseded: 'pruned-superseded',
  removed: 'removed'
} as const

/** Prefix; the reason follows. */
export const IGNORED_PREFIX = 'ignored:'

export function prepareCount(db: Database): (name: string, times: number) => void {
  const add = db.prepare<[string, number]>(
    'insert into counters (name, value) values (?, ?) on conflict (name) do update set value = value + excluded.value'
  )
  return (name, times) => {
    if (times > 0) add.run(name, times)
  }
}
