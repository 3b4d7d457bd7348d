import type { Database } from 'better-sqlite3'
import { COUNTERS, IGNORED_PREFIX } from './counters.js'
import { isDamage } from './errors.js'
import { prepareFacts } from './facts.js'
import { withoutNulls, type Row } from './nulls.js'
import type { BatchState, Books, EndpointRecord, EventCounts, EventState, SenderRecord } from './store.js'

export function emptyCounts(): EventCounts {
  return { pending: 0, sending: 0, retrying: 0, delivered: 0, superseded: 0, failed: 0 }
}

/** Counts what is in the store. */
export function prepareBooks(db: Database): { books: () => Books; bytes: () => number } {
  const facts = prepareFacts(db)
  const pendingCount = db.prepare<[], number>('select count(*) from ledger where batched = 0').pluck()
  const oldestPendingAt = db
    .prepare<[], number | null>(
      `select min(arrived_at) from events where seq in (
         (select min(seq) from ledger where batched = 0),
         (select min(seq) from ledger where batch_id in (select id from batches where state in ('sending', 'retrying'))))`
    )
    .pluck()
  const byState = db.prepare<[], { state: BatchState; batches: number; events: number; superseded: number }>(
    `select state, sum(state <> 'failed' or events > 0) as batches, sum(events) as events, sum(superseded) as superseded
     from batches group by state`
  )
  const rejectedCount = db.prepare<[], number>('select count(*) from rejected').pluck()
  const counters = db.prepare<[], { name: string; value: number }>('select name, value from counters')
  const lastErrors = db.prepare<[], Row<Books['lastErrors'][number]>>(
    `select id as batchId, last_attempt_at as at, last_status as status, last_code as code, last_error as error from batches
     where state in ('retrying', 'failed') and last_error is not null order by last_attempt_at desc limit 5`
  )
  const pageBytes = db
    .prepare<[], number>(
      `select (page_count - freelist_count) * page_size from pragma_page_count, pragma_freelist_count, pragma_page_size`
    )
    .pluck()

  function addState(counts: EventCounts, state: BatchState, events: number, superseded: number): void {
    if (state === 'split' || state === 'replayed') return
    if (state === 'delivered') {
      counts.delivered += events - superseded
      counts.superseded += superseded
    } else {
      counts[state satisfies EventState] += events
    }
  }

  function intake(counted: ReadonlyMap<string, number>): Books['intake'] {
    const [accepted, duplicates, rejected] = [COUNTERS.accepted, COUNTERS.duplicates, COUNTERS.rejected].map(
      (name) => counted.get(name) ?? 0
    ) as [number, number, number]
    const ignored = Object.fromEntries(
      [...counted].flatMap(([name, value]) =>
        name.startsWith(IGNORED_PREFIX) ? [[name.slice(IGNORED_PREFIX.length), value]] : []
      )
    )
    const ignoredTotal = Object.values(ignored).reduce((a, b) => a + b, 0)
    return { received: accepted + duplicates + rejected + ignoredTotal, accepted, duplicates, rejected, ignored }
  }

  /** Unknown if a page is damaged; everything else in the books can still be counted. */
  function whenOldestArrived(): number | undefined {
    try {
      return oldestPendingAt.get() ?? undefined
    } catch (error) {
      if (isDamage(error)) return undefined
      throw error
    }
  }

  function counts(): Omit<Books, 'oldestPendingAt'> {
    const events = emptyCounts()
    events.pending = pendingCount.get() ?? 0
    const perState = { sending: 0, retrying: 0, delivered: 0, failed: 0, split: 0, replayed: 0 }
    for (const row of byState.all()) {
      perState[row.state] = row.batches
      addState(events, row.state, row.events, row.superseded)
    }
    const counted = new Map(counters.all().map(({ name, value }) => [name, value]))
    // Retention removed the rows, but the events still count as delivered.
    const prunedDelivered = counted.get(COUNTERS.prunedDelivered) ?? 0
    events.delivered += prunedDelivered
    events.superseded += counted.get(COUNTERS.prunedSuperseded) ?? 0
    return {
      events,
      removed: counted.get(COUNTERS.removed) ?? 0,
      rejected: rejectedCount.get() ?? 0,
      batches: perState,
      prunedDelivered,
      intake: intake(counted),
      endpoint: facts.read<EndpointRecord>('endpoint'),
      sender: facts.read<SenderRecord>('sender'),
      lastErrors: lastErrors.all().map((row) => withoutNulls(row)),
      bytes: pageBytes.get() ?? 0
    }
  }

  return {
    // One transaction, so that the counts are consistent.
    books: (): Books => ({ ...db.transaction(counts)(), oldestPendingAt: whenOldestArrived() }),
    bytes: () => pageBytes.get() ?? 0
  }
}
