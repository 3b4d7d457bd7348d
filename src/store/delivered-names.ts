import type { Database } from 'better-sqlite3'
import { isNewer, parseProperties, type DeliveredNames, type Moment, type PlannedEvent } from './plan-users.js'
import { prepareHistory } from './user-history.js'

/** Delivered events read per step. */
const PAGE_ROWS = 100
const END_OF_TIME: Moment = { eventTime: Number.MAX_SAFE_INTEGER, seq: Number.MAX_SAFE_INTEGER }

/**
 * Finds which properties of a user Dopt has from events newer than the pending ones. Reads newest first, and stops when
 * every relevant name was found: a user may have thousands of delivered events since.
 *
 * Events that were sent without a clear answer may have reached Dopt, even if they failed or were replayed since: an
 * older value must not overwrite them.
 */
export function prepareDeliveredNames(db: Database) {
  const deliveredBetween = db.prepare<[number, number, number, number], PlannedEvent>(
    `select l.seq, l.event_time as eventTime, e.identifier, e.properties
     from ledger l join batches b on b.id = l.batch_id join events e on e.seq = l.seq
     where l.batched = 1 and l.user_key = ? and l.event_time >= ? and (l.event_time, l.seq) < (?, ?)
       and (b.state = 'delivered' or b.state = 'failed' and max(b.uncertain, l.uncertain) = 1)
     order by l.event_time desc, l.seq desc limit ${PAGE_ROWS}`
  )
  const putBackSince = db.prepare<[number, number], PlannedEvent>(
    `select l.seq, l.event_time as eventTime, e.identifier, e.properties
     from ledger l indexed by ledger_put_back join events e on e.seq = l.seq
     where l.batched = 0 and l.uncertain = 1 and l.user_key = ? and l.event_time >= ?`
  )
  const history = prepareHistory(db)
  const anyPutBack = db
    .prepare<[], number>('select 1 from ledger indexed by ledger_put_back where batched = 0 and uncertain = 1 limit 1')
    .pluck()
  // Most stores have neither; this saves looking up every user of every batch in them.
  let hasPutBack = true
  let hasHistory = true

  function* newestFirst(userKey: number, since: number): Generator<PlannedEvent> {
    for (let before = END_OF_TIME; ;) {
      const page = deliveredBetween.all(userKey, since, before.eventTime, before.seq)
      yield* page
      const last = page.at(-1)
      if (last === undefined || page.length < PAGE_ROWS) return
      before = last
    }
  }

  /** For one user's events, oldest first. `newestBatchedAt`: no event of the key in any batch is newer than this. */
  function find(
    userKey: number,
    events: readonly PlannedEvent[],
    newestBatchedAt: number | undefined
  ): DeliveredNames[] {
    const [oldest] = events
    const mayHaveDelivered =
      newestBatchedAt !== undefined && oldest !== undefined && newestBatchedAt >= oldest.eventTime
    if (oldest === undefined || !(mayHaveDelivered || hasPutBack || hasHistory)) return []
    const { identifier } = oldest
    const found: DeliveredNames[] = []
    const namesOf = (event: PlannedEvent): string[] =>
      event.identifier === identifier && isNewer(event, oldest) ? Object.keys(parseProperties(event.properties)) : []
    const add = ({ seq, eventTime }: Moment, names: readonly string[]): void => {
      if (names.length > 0) found.push({ seq, eventTime, names })
    }
    if (hasPutBack) for (const event of putBackSince.all(userKey, oldest.eventTime)) add(event, namesOf(event))
    let wanted: Set<string> | undefined
    for (const event of newestFirst(userKey, oldest.eventTime)) {
      wanted ??= new Set(events.flatMap(({ properties }) => Object.keys(parseProperties(properties))))
      // What a newer one has set too is of no interest.
      add(
        event,
        namesOf(event).filter((name) => wanted?.delete(name))
      )
      if (wanted.size === 0) break
    }
    if (hasHistory) found.push(...history.read(userKey, identifier).filter((event) => isNewer(event, oldest)))
    return found
  }

  return {
    /** To be called before a round of `find`, in the same transaction. */
    beginRound: (): void => {
      hasPutBack = anyPutBack.get() !== undefined
      hasHistory = !history.isEmpty()
    },
    find
  }
}
