import type { Database } from 'better-sqlite3'
import { emptyCounts } from './books.js'
import { subjectKey, subjectOf } from './keys.js'
import { fromStored } from './memberships.js'
import { prepareSeqsOfMessage } from './message-table.js'
import { withoutNulls, type Row } from './nulls.js'
import type {
  Agenda,
  AttemptRecord,
  BatchFilter,
  BatchRecord,
  EventCounts,
  EventRecord,
  EventState,
  RejectionRecord,
  SeqRange,
  Subject
} from './store.js'

/** Up to this many events, looking them up is faster than reading a large ledger. */
const FEW_EVENTS = 10_000

/** A rejection may be as large as a line: a page of them ends early. */
const PAGE_CHARACTERS = 4 * 1024 * 1024

/** Only the latest attempts are shown. */
const MAX_ATTEMPTS = 100

const EVENT_COLUMNS = `e.seq, e.message_id as messageId, e.user_key as userKey, e.identifier, e.event_time as eventTime,
    e.arrived_at as arrivedAt, e.properties`

const EVENT = `select ${EVENT_COLUMNS}, l.batch_id as batchId, o.message_id as supersededBy,
    case when b.state is null then 'pending'
         when b.state = 'delivered' and l.superseded_by is not null then 'superseded' else b.state end as state,
    case when l.moved_on = 1 then 'over' else 'now' end as turn
  from events e join ledger l on l.batched in (0, 1) and l.user_key = e.user_key and l.event_time = e.event_time and l.seq = e.seq
    left join batches b on b.id = l.batch_id
    left join events o on o.seq = l.superseded_by`

const WAITING = `select ${EVENT_COLUMNS}, null as batchId, null as supersededBy, 'pending' as state, 'later' as turn
  from waiting_parts w join events e on e.seq = w.seq`

const BATCH = `select id, state, parent_id as parentId, subject, users, events, superseded, attempts, created_at as createdAt,
    next_attempt_at as nextAttemptAt, settled_at as settledAt, last_attempt_at as lastAttemptAt, last_status as lastStatus,
    last_code as lastCode, last_error as lastError from batches`

type StoredRecord = Omit<EventRecord, 'subject' | 'groups'> & { userKey: number }
type EventRow = Row<StoredRecord>

function toRecord(row: EventRow): EventRecord {
  const { userKey, properties, ...record } = withoutNulls<StoredRecord>(row)
  return { ...record, subject: subjectOf(userKey), ...fromStored(properties) }
}

/** All read-only queries except the books. */
export function prepareInspect(db: Database) {
  const anyPending = db.prepare<[], number>('select 1 from ledger where batched = 0 limit 1').pluck()
  const openBatches = db
    .prepare<[], number>("select count(*) from batches where state in ('sending', 'retrying')")
    .pluck()
  const nextRetryAt = db
    .prepare<[], number | null>(
      "select min(next_attempt_at) from batches indexed by batches_waiting where state = 'retrying'"
    )
    .pluck()
  const statesOf = (source: string) =>
    db.prepare<[number, number], EventCounts>(
      // No `group by`: SQLite would sort the events by batch in memory, and there may be millions.
      `select count(*) - count(l.batch_id) as pending, total(b.state = 'sending') as sending,
         total(b.state = 'retrying') as retrying, total(b.state = 'failed') as failed,
         total(b.state = 'delivered' and l.superseded_by is null) as delivered,
         total(b.state = 'delivered' and l.superseded_by is not null) as superseded
       from ${source}`
    )
  // A few events are looked up one by one; for many, the whole ledger (which has another order) is read once.
  const statesOfFew = statesOf(`events e
      cross join ledger l on l.batched in (0, 1) and l.user_key = e.user_key and l.event_time = e.event_time and l.seq = e.seq
      left join batches b on b.id = l.batch_id
    where e.seq between ? and ? and l.moved_on = 0`)
  const statesOfMany = statesOf(
    'ledger l left join batches b on b.id = l.batch_id where l.seq between ? and ? and l.moved_on = 0'
  )
  const batches = db.prepare<[{ state: string | null; since: number | null; limit: number }], Row<BatchRecord>>(
    `${BATCH} where (@state is null or state = @state) and (@since is null or created_at >= @since)
       and (state <> 'failed' or events > 0)
     order by id desc limit @limit`
  )
  const batch = db.prepare<[number], Row<BatchRecord>>(`${BATCH} where id = ?`)
  const children = db.prepare<[number], Row<BatchRecord>>(`${BATCH} where parent_id = ? order by id`)
  const attempts = db.prepare<[number, number], Row<AttemptRecord>>(
    'select attempt, at, status, code, error from attempts where batch_id = ? order by rowid desc limit ?'
  )
  const eventsOfBatch = db.prepare<[number, number], EventRow>(`${EVENT} where l.batch_id = ? order by l.seq limit ?`)
  const seqsOfMessage = prepareSeqsOfMessage(db)
  const placedPart = db.prepare<[number, string], EventRow>(`${EVENT} where e.seq = ? and e.message_id = ?`)
  const waitingPart = db.prepare<[number, string], EventRow>(`${WAITING} where e.seq = ? and e.message_id = ?`)
  const waitingOfUser = db.prepare<[number, string, number], EventRow>(
    `${WAITING} where w.user_key = ? and e.identifier = ? order by e.event_time desc, e.seq desc limit ?`
  )
  const eventsOfUser = db.prepare<[number, string, number], EventRow>(
    `${EVENT} where l.batched in (0, 1) and l.user_key = ? and e.identifier = ? order by l.event_time desc, l.seq desc limit ?`
  )
  const countOfUser = db
    .prepare<[number, string, number, string], number>(
      `select (select count(*) from ledger l join events e on e.seq = l.seq
               where l.batched in (0, 1) and l.user_key = ? and e.identifier = ?)
            + (select count(*) from waiting_parts w join events e on e.seq = w.seq
               where w.user_key = ? and e.identifier = ?)`
    )
    .pluck()
  const rejections = db.prepare<[number, number], Omit<RejectionRecord, 'complete'> & { complete: number }>(
    'select id, source, reason, raw, complete, received_at as receivedAt from rejected where id > ? order by id limit ?'
  )
  function countStates(ranges: readonly SeqRange[]): EventCounts {
    const counts = emptyCounts()
    for (const { first, last } of ranges) {
      const states = last - first < FEW_EVENTS ? statesOfFew : statesOfMany
      const inRange = states.get(first, last)
      for (const state of Object.keys(counts) as EventState[]) counts[state] += inRange?.[state] ?? 0
    }
    return counts
  }

  function agenda(): Agenda {
    return { hasPending: anyPending.get() !== undefined, openBatches: openBatches.get() ?? 0 }
  }

  return {
    countStates,
    agenda,
    nextRetryAt: () => nextRetryAt.get() ?? undefined,
    listBatches: (filter: BatchFilter): BatchRecord[] =>
      batches
        .all({ state: filter.state ?? null, since: filter.since ?? null, limit: filter.limit })
        .map((row) => withoutNulls(row)),
    getBatch: (id: number): { batch: BatchRecord; children: BatchRecord[]; attempts: AttemptRecord[] } | undefined => {
      const row = batch.get(id)
      return (
        row && {
          batch: withoutNulls(row),
          children: children.all(id).map((child) => withoutNulls(child)),
          attempts: attempts.all(id, MAX_ATTEMPTS).map((attempt) => withoutNulls(attempt))
        }
      )
    },
    eventsOfBatch: (id: number, limit: number): EventRecord[] => eventsOfBatch.all(id, limit).map(toRecord),
    getEvent: (messageId: string): EventRecord | undefined => {
      const parts = seqsOfMessage(messageId).flatMap((seq) => placedPart.all(seq, messageId).map(toRecord))
      return parts.find(({ turn }) => turn === 'now') ?? parts.at(-1)
    },
    // Parts whose turn has not come are after the others.
    partsOfEvent: (messageId: string): EventRecord[] =>
      seqsOfMessage(messageId).flatMap((seq) =>
        [...placedPart.all(seq, messageId), ...waitingPart.all(seq, messageId)].map(toRecord)
      ),
    eventsOfUser: (identifier: string, limit: number, subject: Subject): { events: EventRecord[]; total: number } => {
      const key = subjectKey(subject, identifier)
      const rows = [...eventsOfUser.all(key, identifier, limit), ...waitingOfUser.all(key, identifier, limit)]
      return {
        events: rows
          .sort((a, b) => b.eventTime - a.eventTime || b.seq - a.seq)
          .slice(0, limit)
          .map(toRecord),
        total: countOfUser.get(key, identifier, key, identifier) ?? 0
      }
    },
    rejections: (afterId: number, limit: number): RejectionRecord[] => {
      const page: RejectionRecord[] = []
      let characters = 0
      for (const row of rejections.iterate(afterId, limit)) {
        page.push({ ...row, complete: row.complete === 1 })
        characters += row.raw.length
        if (characters >= PAGE_CHARACTERS) break
      }
      return page
    }
  }
}
