import type { Database } from 'better-sqlite3'
import { COUNTERS, prepareCount } from './counters.js'
import { groupBy } from './group-by.js'
import { parseProperties, type DeliveredNames } from './plan-users.js'
import type { PruneOptions } from './store.js'
import { prepareHistory } from './user-history.js'

/** Batches removed per commit: a few hundred events, so that traffic only waits for milliseconds. */
const BATCHES_A_STEP = 4
const REJECTIONS_A_STEP = 500
const EMPTY_BATCHES_A_STEP = 500

interface OldBatch {
  id: number
  events: number
  superseded: number
  uncertain: number
}

interface OldEvent {
  userKey: number
  seq: number
  eventTime: number
  identifier: string
  properties: string
  supersededBy: number | null
  uncertain: number
}

/** Applies retention, one step per call. To be run inside a transaction. */
export function preparePrune(db: Database): (options: PruneOptions) => { removed: number; more: boolean } {
  // A delivered batch whose events have all moved on counts no events, but their delivered parts are still here.
  const deliveredBatches = db.prepare<[number, number], OldBatch>(
    `select id, events, superseded, uncertain from batches
     where state = 'delivered' and settled_at < ? order by settled_at limit ?`
  )
  const failedBatches = db.prepare<[number, number], OldBatch>(
    `select id, events, superseded, uncertain from batches
     where state = 'failed' and settled_at < ? and events > 0 order by settled_at limit ?`
  )
  const eventsOf = db.prepare<[number], OldEvent>(
    `select l.user_key as userKey, l.seq, l.event_time as eventTime, l.superseded_by as supersededBy, l.uncertain, e.identifier, e.properties
     from ledger l join events e on e.seq = l.seq where l.batch_id = ?`
  )
  const deleteEvent = db.prepare<[number]>('delete from events where seq = ?')
  const deleteWaiting = db.prepare<[number]>('delete from waiting_parts where seq = ?')
  const deleteLedger = db.prepare<[number]>('delete from ledger where batch_id = ?')
  const deleteAttempts = db.prepare<[number]>('delete from attempts where batch_id = ?')
  const deleteBatch = db.prepare<[number]>('delete from batches where id = ?')
  const emptyBefore = db
    .prepare<[number, number], number>(
      `select id from batches b
       where state in ('split', 'replayed', 'failed') and events = 0 and settled_at < ?
         and not exists (select 1 from batches child where child.parent_id = b.id) limit ?`
    )
    .pluck()
  const deleteRejections = db.prepare<[number, number]>(
    'delete from rejected where id in (select id from rejected where received_at < ? order by id limit ?)'
  )
  const history = prepareHistory(db)
  const count = prepareCount(db)

  function removeBatch(id: number): void {
    deleteLedger.run(id)
    deleteAttempts.run(id)
    deleteBatch.run(id)
  }

  /** Removes a batch's events; values that Dopt has, or may have, still supersede older events that come later. */
  function removeEvents(id: number, mayBeHeld: (event: OldEvent) => boolean): void {
    const old = eventsOf.all(id)
    for (const { seq } of old) deleteEvent.run(seq)
    // Superseded values were not sent, and what superseded them is at Dopt or here; but an earlier call may have sent
    // them.
    const holding = old.filter((event) => (event.supersededBy === null || event.uncertain === 1) && mayBeHeld(event))
    for (const ofKey of groupBy(holding, (event) => event.userKey).values()) {
      for (const [identifier, own] of groupBy(ofKey, (event) => event.identifier)) {
        history.add(own[0]?.userKey ?? 0, identifier, own.map(toNames))
      }
    }
  }

  /** The later parts of a failed event are removed with it. */
  function removeWaitingAfter(seq: number): void {
    for (let next = seq + 1; deleteWaiting.run(next).changes > 0; next++) deleteEvent.run(next)
  }

  function removeDelivered({ id, events, superseded }: OldBatch): void {
    removeEvents(id, () => true)
    removeBatch(id)
    count(COUNTERS.prunedDelivered, events - superseded)
    count(COUNTERS.prunedSuperseded, superseded)
  }

  function removeFailed({ id, events, uncertain }: OldBatch): void {
    for (const { seq } of eventsOf.all(id)) removeWaitingAfter(seq)
    removeEvents(id, (event) => uncertain === 1 || event.uncertain === 1)
    removeBatch(id)
    count(COUNTERS.removed, events)
  }

  return ({ deliveredBefore, failedBefore, rejectedBefore }) => {
    const delivered = deliveredBefore === undefined ? [] : deliveredBatches.all(deliveredBefore, BATCHES_A_STEP)
    delivered.forEach(removeDelivered)
    const failed = failedBefore === undefined ? [] : failedBatches.all(failedBefore, BATCHES_A_STEP)
    failed.forEach(removeFailed)
    const empty = deliveredBefore === undefined ? [] : emptyBefore.all(deliveredBefore, EMPTY_BATCHES_A_STEP)
    empty.forEach(removeBatch)
    const rejections =
      rejectedBefore === undefined ? 0 : deleteRejections.run(rejectedBefore, REJECTIONS_A_STEP).changes
    const batches = [...delivered, ...failed]
    const events = batches.reduce((sum, batch) => sum + batch.events, 0)
    return { removed: events + rejections, more: batches.length + empty.length + rejections > 0 }
  }
}

function toNames({ seq, eventTime, properties }: OldEvent): DeliveredNames {
  return { seq, eventTime, names: Object.keys(parseProperties(properties)) }
}
