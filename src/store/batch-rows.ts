import type { Database } from 'better-sqlite3'
import { subjectOf } from './keys.js'
import type { CallRecord, OpenBatch } from './store.js'
import { prepareMoveOn } from './move-on.js'
import type { PlannedUser } from './user-plans.js'

/** The code of a batch with a call in flight that includes a forgotten user: Dopt's error about it is not stored. */
export const FORGOTTEN_CODE = 'user_forgotten'

/** The entries of a batch, and the number of events behind them. */
type Carried = Pick<OpenBatch, 'subject' | 'entries' | 'events' | 'superseded'>

/** Prepares the statements that write batches. To be run inside a transaction. */
export function prepareBatchRows(db: Database) {
  const insertBatch = db.prepare<
    [string, number | null, number, string, number, number, number, number, number | null, number | null]
  >(
    `insert into batches (state, parent_id, uncertain, subject, users, events, superseded, created_at, next_attempt_at, settled_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
  )
  type Assignment = [batchId: number, supersededBy: number | null, userKey: number, eventTime: number, seq: number]
  const place = 'user_key = ? and event_time = ? and seq = ?'
  const takePending = db.prepare<Assignment>(
    `update ledger set batched = 1, batch_id = ?, superseded_by = ? where batched = 0 and ${place}`
  )
  const assignAgain = db.prepare<Assignment>(
    `update ledger set batch_id = ?, superseded_by = ? where batched = 1 and ${place}`
  )
  const updateCounts = db.prepare<[number, number, number, number]>(
    'update batches set users = ?, events = ?, superseded = ? where id = ?'
  )
  const updateCall = db.prepare<
    [string, number, number | null, number | null, number, number, number | null, string | null, string | null, number]
  >(
    `update batches set state = ?, attempts = attempts + ?, next_attempt_at = ?, settled_at = ?, uncertain = max(uncertain, ?),
       last_attempt_at = ?, last_status = ?, last_code = ?, last_error = ? where id = ?`
  )
  const insertAttempt = db.prepare<[number, number | null, string | null, string | null, number]>(
    `insert into attempts (batch_id, attempt, at, status, code, error)
     select id, attempts + 1, ?, ?, ?, ? from batches where id = ?`
  )

  const carriedForgotten = db.prepare<[number, string], number>(
    "select 1 from batches where id = ? and state = 'sending' and last_code = ?"
  )
  const moveOn = prepareMoveOn(db)

  function assign(statement: typeof takePending, batchId: number, users: readonly PlannedUser[]): void {
    for (const { userKey, events, plan } of users) {
      events.forEach(({ eventTime, seq }, index) =>
        statement.run(batchId, plan.supersededBy[index] ?? null, userKey, eventTime, seq)
      )
    }
  }

  /**
   * Saves a batch's new plan: some of its events may have been superseded or removed. Returns its entries and counts.
   */
  function reassign(batchId: number, users: readonly PlannedUser[]): Carried {
    const carried = carriedBy(users)
    assign(assignAgain, batchId, users)
    updateCounts.run(carried.entries.length, carried.events, carried.superseded, batchId)
    return carried
  }

  /**
   * Creates a batch of pending users or, with `parentId`, of users of the batch that is split. With `delivered`, events
   * that moved on are not counted.
   */
  function create(
    state: 'sending' | 'retrying' | 'failed' | 'delivered',
    users: readonly PlannedUser[],
    options: {
      createdAt: number
      nextAttemptAt?: number
      settledAt?: number
      parentId?: number
      isUncertain?: boolean
    }
  ): OpenBatch {
    const { createdAt, nextAttemptAt, settledAt, parentId, isUncertain } = options
    const carried = carriedBy(users)
    const { lastInsertRowid } = insertBatch.run(
      ...([state, parentId ?? null, isUncertain === true ? 1 : 0] as const),
      ...([carried.subject, carried.entries.length, carried.events, carried.superseded] as const),
      ...([createdAt, nextAttemptAt ?? null, settledAt ?? null] as const)
    )
    const id = Number(lastInsertRowid)
    assign(parentId === undefined ? takePending : assignAgain, id, users)
    if (state === 'delivered') {
      const movedOn = moveOn(id)
      carried.events -= movedOn.events
      carried.superseded -= movedOn.superseded
    }
    return { id, attempts: 0, createdAt, parentId, ...carried }
  }

  /** Records a call (or why none was made) and the resulting state. `isUncertain`: the call may have taken effect. */
  function record(
    id: number,
    state: 'retrying' | 'delivered' | 'failed' | 'split',
    call: CallRecord,
    options: { countAttempt: boolean; nextAttemptAt?: number; isUncertain?: boolean }
  ): void {
    const isTold = call.error === undefined || carriedForgotten.get(id, FORGOTTEN_CODE) === undefined
    const words = [call.status ?? null, (isTold && call.code) || null, (isTold && call.error) || null] as const
    if (state !== 'delivered' && (call.isSent ?? true)) insertAttempt.run(call.at, ...words, id)
    const settledAt = state === 'retrying' ? null : call.at
    updateCall.run(
      state,
      options.countAttempt ? 1 : 0,
      options.nextAttemptAt ?? null,
      settledAt,
      options.isUncertain === true ? 1 : 0,
      call.at,
      ...words,
      id
    )
    if (state === 'delivered') moveOn(id)
  }

  return { create, reassign, record, clearCounts: (id: number) => void updateCounts.run(0, 0, 0, id) }
}

export type BatchRows = ReturnType<typeof prepareBatchRows>

function carriedBy(users: readonly PlannedUser[]): Carried {
  let events = 0
  let superseded = 0
  const [first] = users
  for (const { plan } of users) {
    events += plan.supersededBy.length
    for (const by of plan.supersededBy) if (by !== undefined) superseded++
  }
  const subject = subjectOf(first?.userKey ?? 0)
  return { subject, entries: users.flatMap(({ plan }) => plan.entry ?? []), events, superseded }
}
