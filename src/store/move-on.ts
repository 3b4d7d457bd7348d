import type { Database } from 'better-sqlite3'

/** Events of a batch that moved on to their next parts. */
interface MovedOn {
  events: number
  superseded: number
}

const NOTHING_MOVED: MovedOn = { events: 0, superseded: 0 }

interface Row {
  userKey: number
  eventTime: number
  seq: number
  isSuperseded: number
  nextKey: number
}

/**
 * For the events of a batch that was delivered, in the same transaction: if an event has a waiting part, that part
 * becomes pending and counts instead. To be run once per batch.
 */
export function prepareMoveOn(db: Database): (batchId: number) => MovedOn {
  const anyWaiting = db.prepare<[], number>('select 1 from waiting_parts limit 1').pluck()
  const withNext = db.prepare<[number], Row>(
    `select l.user_key as userKey, l.event_time as eventTime, l.seq, l.superseded_by is not null as isSuperseded,
       w.user_key as nextKey
     from ledger l join waiting_parts w on w.seq = l.seq + 1 where l.batch_id = ?`
  )
  const leave = db.prepare<[number, number, number]>(
    'update ledger set moved_on = 1 where batched = 1 and user_key = ? and event_time = ? and seq = ?'
  )
  const endWaiting = db.prepare<[number]>('delete from waiting_parts where seq = ?')
  const enter = db.prepare<[number, number, number]>(
    'insert into ledger (batched, user_key, event_time, seq) values (0, ?, ?, ?)'
  )
  const correct = db.prepare<[number, number, number]>(
    'update batches set events = events - ?, superseded = superseded - ? where id = ?'
  )

  return (batchId) => {
    // Most stores have none; this saves looking up every event of every batch.
    if (anyWaiting.get() === undefined) return NOTHING_MOVED
    const rows = withNext.all(batchId)
    if (rows.length === 0) return NOTHING_MOVED
    let superseded = 0
    for (const { userKey, eventTime, seq, isSuperseded, nextKey } of rows) {
      superseded += isSuperseded
      leave.run(userKey, eventTime, seq)
      endWaiting.run(seq + 1)
      enter.run(nextKey, eventTime, seq + 1)
    }
    correct.run(rows.length, superseded, batchId)
    return { events: rows.length, superseded }
  }
}
