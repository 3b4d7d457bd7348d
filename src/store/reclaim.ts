import type { Database } from 'better-sqlite3'

/** Pages returned to the disk per commit. */
const RECLAIM_PAGES = 256

/** See `reclaimStep` in store.ts. To be run inside a transaction. */
export function reclaim(db: Database): boolean {
  const before = Number(db.pragma('freelist_count', { simple: true }))
  if (before > 0) db.pragma(`incremental_vacuum(${RECLAIM_PAGES})`)
  return before > RECLAIM_PAGES
}
