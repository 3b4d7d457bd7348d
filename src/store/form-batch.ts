import type { Database } from 'better-sqlite3'
import type { BatchRows } from './batch-rows.js'
import type { BusyUsers } from './busy-users.js'
import type { FormOptions, OpenBatch } from './store.js'
import type { PlannedUser, UserPlans } from './user-plans.js'

/** How many pending rows are looked at in one step of the search for users. */
const SCAN_ROWS = 500

/** What a forming step came to; a formed batch with the keys of its users. */
export type Formed =
  | { kind: 'formed'; batch: OpenBatch; superseded: number; userKeys: number[] }
  | { kind: 'too-large' | 'superseded'; batchId: number; events: number }
  | { kind: 'waiting'; until: number }
  | { kind: 'nothing' }

/** Takes pending events into a batch. To be run inside a transaction. */
export function prepareForm(db: Database, plans: UserPlans, rows: BatchRows) {
  const scanPending = db.prepare<[number, number], { seq: number; userKey: number }>(
    'select seq, user_key as userKey from ledger where batch_id is null and seq > ? order by seq limit ?'
  )
  const arrivedAt = db.prepare<[number], number>('select arrived_at from events where seq = ?').pluck()

  /** The oldest pending users that are not busy, at most `maxUsers`, in the order of their oldest event. */
  function findUsers(maxUsers: number, busy: BusyUsers): { userKeys: Set<number>; oldestSeq: number | undefined } {
    const userKeys = new Set<number>()
    let oldestSeq: number | undefined
    let after = 0
    for (;;) {
      const page = scanPending.all(after, SCAN_ROWS)
      for (const { seq, userKey } of page) {
        after = seq
        if (busy.has(userKey)) continue
        oldestSeq ??= seq
        userKeys.add(userKey)
        if (userKeys.size >= maxUsers) return { userKeys, oldestSeq }
      }
      if (page.length < SCAN_ROWS) return { userKeys, oldestSeq }
    }
  }

  /** As many of these users as fit into one call. The first is taken however large it is. */
  function choose(userKeys: Iterable<number>, options: FormOptions): { users: PlannedUser[]; bytes: number } {
    const users: PlannedUser[] = []
    let bytes = 0
    for (const userKey of userKeys) {
      // More than one where users share a key; what does not fit stays pending.
      for (const planned of plans.planPending(userKey)) {
        const size = planned.plan.entry === undefined ? 0 : options.entryBytes(planned.plan.entry)
        if (users.length > 0 && bytes + size > options.maxBodyBytes) return { users, bytes }
        users.push(planned)
        bytes += size
        if (bytes > options.maxBodyBytes || users.length >= options.maxUsers) return { users, bytes }
      }
    }
    return { users, bytes }
  }

  return (options: FormOptions, busy: BusyUsers): Formed => {
    const { now, maxUsers, maxBodyBytes, flushBefore } = options
    const { userKeys, oldestSeq } = findUsers(maxUsers, busy)
    if (oldestSeq === undefined) return { kind: 'nothing' }
    const arrived = arrivedAt.get(oldestSeq) ?? 0
    if (userKeys.size < maxUsers && arrived > flushBefore)
      return { kind: 'waiting', until: now + arrived - flushBefore }

    const { users, bytes } = choose(userKeys, options)
    if (bytes > maxBodyBytes) {
      const { id, events } = rows.create('failed', users, { createdAt: now, settledAt: now })
      const error = `the user is ${bytes} bytes, more than the ${maxBodyBytes} that a call may have: nothing was sent`
      rows.record(id, 'failed', { at: now, status: undefined, code: 'user_too_large', error }, { countAttempt: false })
      return { kind: 'too-large', batchId: id, events }
    }
    // Who has nothing left to send is settled now, and does not share the fate of a call that is not for them.
    const [silent, speaking] = partition(users, ({ plan }) => plan.entry === undefined)
    const settled = silent.length > 0 ? rows.create('delivered', silent, { createdAt: now, settledAt: now }) : undefined
    if (speaking.length === 0 && settled !== undefined) {
      return { kind: 'superseded', batchId: settled.id, events: settled.events }
    }
    const batch = rows.create('sending', speaking, { createdAt: now })
    return {
      kind: 'formed',
      batch,
      superseded: settled?.events ?? 0,
      userKeys: speaking.map(({ userKey }) => userKey)
    }
  }
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))]
}
