import type { Database } from 'better-sqlite3'
import { splitInHalves } from '../destination/dopt-api.js'
import type { BatchRows } from './batch-rows.js'
import type { CallRecord, OpenBatch, SettledEvents, Settlement } from './store.js'
import type { UserPlans } from './user-plans.js'

/** An open batch and its users. */
export interface Held {
  batchId: number
  userKeys: number[]
}

interface WaitingRow {
  id: number
  attempts: number
  createdAt: number
  parentId: number | null
}

/**
 * Whether a call may have taken effect at Dopt although it does not count as delivered: there was no answer, a server
 * error, or a success for fewer users. A refusal (4xx) is certain, and applies to the whole call.
 */
function isUncertain({ status, isSent = true }: CallRecord): boolean {
  if (!isSent) return false
  return status === undefined || status < 300 || status >= 500
}

const NOTHING_SETTLED: SettledEvents = { delivered: 0, superseded: 0, failed: 0 }

/** Claims waiting batches, and records the results of batches. To be run inside a transaction. */
export function prepareSettle(db: Database, plans: UserPlans, rows: BatchRows) {
  const nextDue = db.prepare<[number], WaitingRow>(
    `select id, attempts, created_at as createdAt, parent_id as parentId from batches indexed by batches_waiting
     where state = 'retrying' and next_attempt_at <= ? order by next_attempt_at, id limit 1`
  )
  const parentOf = db.prepare<[number], { createdAt: number; uncertain: number }>(
    'select created_at as createdAt, uncertain from batches where id = ?'
  )
  const markSending = db.prepare<[number]>("update batches set state = 'sending', next_attempt_at = null where id = ?")

  /** The batch that is due first, and the ids of batches that had nothing left to send. */
  function claim(dueBy: number, now: number): { batch: OpenBatch | undefined; settled: number[] } {
    const settled: number[] = []
    for (;;) {
      const row = nextDue.get(dueBy)
      if (row === undefined) return { batch: undefined, settled }
      const carried = rows.reassign(row.id, plans.planBatch(row.id))
      if (carried.entries.length > 0) {
        const { id, attempts, createdAt, parentId } = row
        markSending.run(id)
        return { batch: { id, attempts, createdAt, parentId: parentId ?? undefined, ...carried }, settled }
      }
      // Superseded or forgotten while it waited.
      const nothing: CallRecord = { at: now, status: undefined, code: undefined, error: undefined }
      rows.record(row.id, 'delivered', nothing, { countAttempt: false })
      settled.push(row.id)
    }
  }

  /** Stores the halves as waiting batches, due at once. */
  function split(id: number, call: CallRecord): Held[] {
    const parent = parentOf.get(id)
    const options = {
      createdAt: parent?.createdAt ?? call.at,
      nextAttemptAt: call.at,
      parentId: id,
      isUncertain: parent?.uncertain === 1 || isUncertain(call)
    }
    const held = splitInHalves(plans.planBatch(id))
      .filter((half) => half.length > 0)
      .map((half) => ({
        batchId: rows.create('retrying', half, options).id,
        userKeys: half.map(({ userKey }) => userKey)
      }))
    rows.clearCounts(id)
    return held
  }

  const countsOf = db.prepare<[number], { events: number; superseded: number }>(
    'select events, superseded from batches where id = ?'
  )

  /** `held`: the batches that the users of a split batch are in now. */
  function settle(id: number, settlement: Settlement): { held: Held[]; settled: SettledEvents } {
    const { to, call } = settlement
    if (to === 'retrying') {
      const { countAttempt, nextAttemptAt } = settlement
      rows.record(id, to, call, { countAttempt, nextAttemptAt, isUncertain: isUncertain(call) })
      return { held: [], settled: NOTHING_SETTLED }
    }
    const held = to === 'split' ? split(id, call) : []
    rows.record(id, to, call, { countAttempt: call.isSent ?? true, isUncertain: isUncertain(call) })
    const { events = 0, superseded = 0 } = countsOf.get(id) ?? {}
    const settled =
      to === 'delivered'
        ? { ...NOTHING_SETTLED, delivered: events - superseded, superseded }
        : { ...NOTHING_SETTLED, failed: to === 'failed' ? events : 0 }
    return { held, settled }
  }

  return { claim, settle }
}
