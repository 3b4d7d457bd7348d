import type { Database } from 'better-sqlite3'

/** 8,000 pages. SQLite's own limit is 1,000: fewer, larger moves write a page that has changed several times only once. */
const LEAST_BYTES = 8000 * 4096
/** The larger the database, the fewer of its pages change twice between two moves. */
const SHARE_OF_DATABASE = 0.25
/** So that it is not set anew with every page that the database grows by. */
const STEP_PAGES = 1000

/**
 * Sets how large the WAL may become before it is moved into the database (and everything else waits): some 32 MB, or a share
 * of a large database, as far as `maxBytes` allows. To be called again as the database grows.
 */
export function prepareWalLimit(db: Database, maxBytes = LEAST_BYTES): () => void {
  const databasePages = db.prepare<[], number>('select page_count from pragma_page_count').pluck()
  const pageBytes = Number(db.pragma('page_size', { simple: true }))
  const [least, most] = [LEAST_BYTES / pageBytes, maxBytes / pageBytes]
  let limit: number | undefined
  return () => {
    const share = Math.floor(((databasePages.get() ?? 0) * SHARE_OF_DATABASE) / STEP_PAGES) * STEP_PAGES
    const wanted = Math.floor(Math.min(most, Math.max(least, share)))
    if (wanted === limit) return
    db.pragma(`wal_autocheckpoint = ${wanted}`)
    limit = wanted
  }
}
