import type { Database } from 'better-sqlite3'

/**
 * 8,000 pages; SQLite's default is 1,000. With fewer, larger checkpoints, a page that changed several times is written
 * once.
 */
const LEAST_BYTES = 8000 * 4096
/** The larger the database, the fewer of its pages change twice between two checkpoints. */
const SHARE_OF_DATABASE = 0.25
/** The limit is not set anew for smaller changes than this. */
const STEP_PAGES = 1000

/**
 * Sets how large the WAL may become before a checkpoint (which blocks everything else): some 32 MB, or a share of a
 * large database, up to `maxBytes`. To be called again as the database grows.
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
