import { hostname } from 'node:os'
import type { Books, EventCounts, SenderRecord, Store } from '../store/store.js'
import { toIso } from './when.js'

const RATE_WINDOW_MS = 60_000
/** Enough batches to compute a rate from; reading more would only take longer. */
const RATE_BATCHES = 1000

/** What `status --json` prints. Times are ISO 8601. */
export interface StatusDocument {
  store: { file: string; bytes: number }
  events: EventCounts
  /** Accepted events that `forget` or `prune` removed, and that no state counts any more. */
  removed: number
  /** Rejections kept. */
  rejected: number
  batches: Books['batches']
  /** Delivered events that are no longer kept, and so are in no batch. */
  prunedDelivered: number
  endpoint: { state: string; since: string | null; lastError: string | null; nextProbeAt: string | null }
  /** When the oldest event that is not settled arrived. */
  oldestPendingAt: string | null
  /** Everything that was ever received. */
  intake: Books['intake']
  /** The last process that sent from this store; for `alive` see `isAlive`. */
  sender: { pid: number; host: string; startedAt: string | null; alive: boolean | null } | null
  /** Of the batches that are kept; `complete` if none in the window has been removed. */
  rates: { windowMs: number; deliveredEvents: number; deliveredPerSecond: number; complete: boolean }
  lastErrors: Array<{
    batch: number
    at: string | null
    status: number | null
    code: string | null
    error: string
  }>
}

export async function readStatus(store: Store, now: number): Promise<StatusDocument> {
  const books = await store.books()
  const { endpoint, sender } = books
  return {
    store: { file: store.location, bytes: books.bytes },
    events: books.events,
    removed: books.removed,
    rejected: books.rejected,
    batches: books.batches,
    prunedDelivered: books.prunedDelivered,
    endpoint: {
      state: endpoint?.state ?? 'ok',
      since: toIso(endpoint?.since),
      lastError: endpoint?.lastError ?? null,
      nextProbeAt: toIso(endpoint?.nextProbeAt)
    },
    oldestPendingAt: toIso(books.oldestPendingAt),
    intake: books.intake,
    sender: sender === undefined ? null : { ...sender, startedAt: toIso(sender.startedAt), alive: isAlive(sender) },
    rates: await readRates(store, books, now),
    lastErrors: books.lastErrors.map(({ batchId, at, status, code, error }) => ({
      ...{ batch: batchId, at: toIso(at), status: status ?? null, code: code ?? null, error }
    }))
  }
}

async function readRates(store: Store, books: Books, now: number): Promise<StatusDocument['rates']> {
  const batches = await store.listBatches({ state: 'delivered', since: now - RATE_WINDOW_MS, limit: RATE_BATCHES })
  const oldest = batches.length < RATE_BATCHES ? undefined : batches.at(-1)
  const windowMs = oldest === undefined ? RATE_WINDOW_MS : Math.max(1, now - oldest.createdAt)
  const deliveredEvents = batches.reduce((sum, { events, superseded }) => sum + events - superseded, 0)
  const deliveredPerSecond = Math.round((deliveredEvents * 10_000) / windowMs) / 10
  // The oldest batches are removed first.
  const complete = books.prunedDelivered === 0 || books.batches.delivered > batches.length
  return { windowMs, deliveredEvents, deliveredPerSecond, complete }
}

/** Null if unknown, because the process is on another host. */
export function isAlive({ pid, host }: SenderRecord): boolean | null {
  if (host !== hostname()) return null
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It exists, but belongs to another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
