import type { Database } from 'better-sqlite3'
import type { CallRecord, OpenBatch } from './store.js'
import type { PlannedUser } from './user-plans.js'

/** What is written of a batch. */
export function prepareBatchRows(db: Database) {
  const insertBatch = db.prepare<[string, number | null, number, number, number | null, number | null]>(
    `insert into batches (state, parent_id, uncertain, users, events, superseded, created_at, next_attempt_at, settled_at)
     values (?, ?, ?, 0, 0, 0, ?, ?, ?)`
  )
  const assignEvent = db.prepare<[number, number | null, number]>(
    'update ledger set batch_id = ?, superseded_by = ? where seq = ?'
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

  /** Gives the events of these users to a batch; returns what it carries. */
  function assign(
    batchId: number,
    users: readonly PlannedUser[]
  ): Pick<OpenBatch, 'entries' | 'events' | 'superseded'> {
    let events = 0
    let superseded = 0
    for (const { events: own, plan } of users) {
      own.forEach((event, index) => {
        const by = plan.supersededBy[index]
        events++
        if (by !== undefined) superseded++
        assignEvent.run(batchId, by ?? null, event.seq)
      })
    }
    return { entries: users.flatMap(({ plan }) => plan.entry ?? []), events, superseded }
  }

  /** Writes a batch's plan down again: some of its events may have been overtaken or removed. */
  function reassign(batchId: number, users: readonly PlannedUser[]): ReturnType<typeof assign> {
    const carried = assign(batchId, users)
    updateCounts.run(carried.entries.length, carried.events, carried.superseded, batchId)
    return carried
  }

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
    const times = [createdAt, nextAttemptAt ?? null, settledAt ?? null] as const
    const inserted = insertBatch.run(state, parentId ?? null, isUncertain === true ? 1 : 0, ...times)
    const id = Number(inserted.lastInsertRowid)
    return { id, attempts: 0, createdAt, parentId, ...reassign(id, users) }
  }

  /** Records a call, or what stands for one, and the state that it led to. `isUncertain`: it may have taken effect. */
  function record(
    id: number,
    state: 'retrying' | 'delivered' | 'failed' | 'split',
    call: CallRecord,
    options: { countAttempt: boolean; nextAttemptAt?: number; isUncertain?: boolean }
  ): void {
    const words = [call.status ?? null, call.code ?? null, call.error ?? null] as const
    if (state !== 'delivered') insertAttempt.run(call.at, ...words, id)
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
  }

  return { create, reassign, record, clearCounts: (id: number) => void updateCounts.run(0, 0, 0, id) }
}

export type BatchRows = ReturnType<typeof prepareBatchRows>
