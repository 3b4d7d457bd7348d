import type { Database } from 'better-sqlite3'
import { prepareDeliveredNames } from './delivered-names.js'
import { groupBy } from './group-by.js'
import { isDamage } from './errors.js'
import { preparePendingEvents } from './pending-events.js'
import { planUser, type PlannedEvent, type UserPlan } from './plan-users.js'

/** A user, its events to be sent, and what to send of them. */
export interface PlannedUser {
  userKey: number
  events: PlannedEvent[]
  plan: UserPlan
}

interface KeyedEvent extends PlannedEvent {
  userKey: number
}

/** Plans what to send for users, looking up what newest-wins needs. */
export function prepareUserPlans(db: Database) {
  const eventsOfBatch = db.prepare<[number], KeyedEvent>(
    `select l.seq, l.user_key as userKey, l.event_time as eventTime, e.identifier, e.properties
     from ledger l join events e on e.seq = l.seq where l.batch_id = ? order by l.user_key, l.event_time, l.seq`
  )
  const userKeysOf = db.prepare<[number], number>('select distinct user_key from ledger where batch_id = ?').pluck()
  const pendingEvents = preparePendingEvents(db)
  const deliveredNames = prepareDeliveredNames(db)

  /** Events of one key, oldest first. If users share a key, each is planned on its own. */
  function planEvents(userKey: number, events: PlannedEvent[], newestBatchedAt: number | undefined): PlannedUser[] {
    const [first] = events
    if (first === undefined) return []
    const areOfOne = events.every(({ identifier }) => identifier === first.identifier)
    const groups = areOfOne ? [events] : [...groupBy(events, (event) => event.identifier).values()]
    return groups.map((own) => ({
      userKey,
      events: own,
      plan: planUser(own, deliveredNames.find(userKey, own, newestBatchedAt))
    }))
  }

  return {
    /** The pending users of these keys, key by key, in the given order. `oneByOne`: see preparePendingEvents. */
    planPending: function* (
      keys: readonly number[],
      oneByOne: boolean
    ): Generator<{ userKey: number; users: PlannedUser[] }> {
      deliveredNames.beginRound()
      for (const { userKey, events, newestBatchedAt } of pendingEvents(keys, oneByOne)) {
        yield { userKey, users: planEvents(userKey, events, newestBatchedAt) }
      }
    },
    /** Whether all pending events of the key are on readable pages. */
    canRead: (userKey: number): boolean => {
      try {
        Array.from(pendingEvents([userKey]))
        return true
      } catch (error) {
        if (isDamage(error)) return false
        throw error
      }
    },
    /** The batch's users, planned anew from the ledger. */
    planBatch: (batchId: number): PlannedUser[] => {
      deliveredNames.beginRound()
      return [...groupBy(eventsOfBatch.all(batchId), (event) => event.userKey)].flatMap(([userKey, events]) =>
        planEvents(userKey, events, Infinity)
      )
    },
    /** The same user with the oldest half of these events, at least one; the others stay pending. */
    planOlderHalf: ({ userKey, events }: PlannedUser): PlannedUser[] =>
      planEvents(userKey, events.slice(0, Math.max(1, Math.floor(events.length / 2))), Infinity),
    userKeysOf: (batchId: number): number[] => userKeysOf.all(batchId)
  }
}

export type UserPlans = ReturnType<typeof prepareUserPlans>
