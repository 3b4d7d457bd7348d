import type { Database } from 'better-sqlite3'
import { BODY_FRAME_BYTES, entryBytes } from '../destination/dopt-api.js'
import type { BatchRows } from './batch-rows.js'
import type { BusyUsers } from './busy-users.js'
import { isDamage } from './errors.js'
import type { PendingUsers } from './pending-users.js'
import type { FormOptions, OpenBatch, Subject } from './store.js'
import { tooLarge } from './too-large.js'
import type { PlannedUser, UserPlans } from './user-plans.js'

/** The result of forming a batch; with the keys of its users, if one was formed. */
export type Formed =
  | { kind: 'formed'; batch: OpenBatch; superseded: number; userKeys: number[] }
  | { kind: 'too-large' | 'superseded'; batchId: number; events: number }
  | { kind: 'waiting'; until: number; lacking: number }
  | { kind: 'nothing' }

/** Forms batches from pending events. To be run inside a transaction. */
export function prepareForm(
  db: Database,
  pendingOf: Readonly<Record<Subject, PendingUsers>>,
  plans: UserPlans,
  rows: BatchRows
) {
  const arrivedAt = db.prepare<[number], number>('select arrived_at from events where seq = ?').pluck()

  /** As many of these users as fit into one call. The first is included whatever its size. */
  function choose(
    pending: PendingUsers,
    keys: readonly number[],
    options: FormOptions
  ): { users: PlannedUser[]; bytes: number } {
    const users: PlannedUser[] = []
    let bytes = BODY_FRAME_BYTES
    for (const { userKey, users: ofKey } of plans.planPending(keys, pending.leftOut > 0)) {
      // Several users can share a key; those that do not fit stay pending, and the next batch begins with them.
      for (const planned of ofKey) {
        const size = bytesOf(planned, options)
        const isFull = users.length >= options.maxUsers || bytes + size > options.maxBodyBytes
        if (isFull && users.length > 0) return { users, bytes }
        users.push(planned)
        bytes += size
      }
      pending.passed(userKey)
    }
    return { users, bytes }
  }

  /** Events that fit one by one may be too large when merged: the oldest that fit together go first. */
  function shrink(chosen: ReturnType<typeof choose>, options: FormOptions): typeof chosen {
    let { users, bytes } = chosen
    while (bytes > options.maxBodyBytes && users.some(({ events }) => events.length > 1)) {
      users = users.flatMap((user) => plans.planOlderHalf(user))
      bytes = users.reduce((sum, user) => sum + bytesOf(user, options), BODY_FRAME_BYTES)
    }
    return { users, bytes }
  }

  /** Throws if a page is damaged; the user with events on it is skipped from now on: see PendingUsers. */
  function chooseReadable(
    pending: PendingUsers,
    keys: readonly number[],
    options: FormOptions
  ): ReturnType<typeof choose> {
    try {
      return choose(pending, keys, options)
    } catch (error) {
      if (isDamage(error)) for (const key of keys) if (!plans.canRead(key)) pending.leaveOut(key)
      throw error
    }
  }

  /** A batch of groups has only one group. */
  function formOf(subject: Subject, options: FormOptions, busy: BusyUsers): Formed {
    const { now, maxUsers, maxBodyBytes, flushBefore } = options
    const pending = pendingOf[subject]
    const { userKeys, oldestSeq } = pending.next(maxUsers, busy)
    if (oldestSeq === undefined) return { kind: 'nothing' }
    if (userKeys.size < maxUsers) {
      const arrived = arrivedAt.get(oldestSeq) ?? 0
      const lacking = maxUsers - userKeys.size
      if (arrived > flushBefore) return { kind: 'waiting', until: now + arrived - flushBefore, lacking }
    }

    const { users, bytes } = shrink(chooseReadable(pending, [...userKeys], options), options)
    if (bytes > maxBodyBytes) {
      const { id, events } = rows.create('failed', users, { createdAt: now, settledAt: now })
      rows.record(id, 'failed', tooLarge(subject, bytes, maxBodyBytes, now), { countAttempt: false })
      return { kind: 'too-large', batchId: id, events }
    }
    // Users with nothing left to send are settled now, independently of a call that does not include them.
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

  let turn: Subject = 'user'

  /** Users and groups take turns; if one side has nothing to send now, the other side goes. */
  function formInTurn(options: FormOptions, busy: BusyUsers): Formed {
    const others: Subject = turn === 'user' ? 'group' : 'user'
    const optionsFor = (subject: Subject) => (subject === 'group' ? { ...options, maxUsers: 1 } : options)
    const first = formOf(turn, optionsFor(turn), busy)
    if (first.kind !== 'nothing' && first.kind !== 'waiting') {
      turn = others
      return first
    }
    const second = formOf(others, optionsFor(others), busy)
    return second.kind === 'nothing' ? first : second
  }

  return (options: FormOptions, busy: BusyUsers): Formed => {
    const formed = formInTurn(options, busy)
    const { user, group } = pendingOf
    if (formed.kind !== 'nothing' || user.leftOut + group.leftOut === 0) return formed
    // No other users are left: try these again. They fail again, which reports the damage.
    user.readAgain()
    group.readAgain()
    return formInTurn({ ...options, maxUsers: 1 }, busy)
  }
}

function bytesOf({ plan }: PlannedUser, { api }: FormOptions): number {
  return plan.entry === undefined ? 0 : entryBytes(api, plan.entry)
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))]
}
