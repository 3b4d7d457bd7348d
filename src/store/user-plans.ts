import type { Database } from 'better-sqlite3'
import { prepareDeliveredNames } from './delivered-names.js'
import { groupBy } from './group-by.js'
import { isNewer, planUser, type PlannedEvent, type UserPlan } from './plan-users.js'

/** Events of one user in one batch at most; the rest waits for the next, so that one busy user cannot fill the memory. */
const MAX_EVENTS_PER_USER = 1000

/** A user, the events that want to go out, and what is to be sent of them. */
export interface PlannedUser {
  userKey: number
  events: PlannedEvent[]
  plan: UserPlan
}

interface KeyedEvent extends PlannedEvent {
  userKey: number
}

/** Looks up what law 4 has to know of users, and plans them. */
export function prepareUserPlans(db: Database) {
  const pendingOfUser = db.prepare<[number, number], PlannedEvent>(
    `select l.seq, l.event_time as eventTime, e.identifier, e.properties
     from ledger l join events e on e.seq = l.seq
     where l.batched = 0 and l.user_key = ? order by l.event_time, l.seq limit ?`
  )
  const eventsOfBatch = db.prepare<[number], KeyedEvent>(
    `select l.seq, l.user_key as userKey, l.event_time as eventTime, e.identifier, e.properties
     from ledger l join events e on e.seq = l.seq where l.batch_id = ? order by l.user_key, l.event_time, l.seq`
  )
  const userKeysOf = db.prepare<[number], number>('select distinct user_key from ledger where batch_id = ?').pluck()
  const deliveredNames = prepareDeliveredNames(db)

  /** Two users can share a key; each is planned on its own. */
  function planEvents(userKey: number, events: readonly PlannedEvent[]): PlannedUser[] {
    return [...groupBy(events, (event) => event.identifier)].map(([identifier, own]) => {
      const oldest = own.reduce((a, b) => (isNewer(a, b) ? b : a))
      return { userKey, events: own, plan: planUser(own, deliveredNames.find(userKey, identifier, oldest, own)) }
    })
  }

  return {
    /** To be called before a round of `planPending`, in its transaction. */
    beginRound: (): void => deliveredNames.beginRound(),
    /** The pending users of a key, each with its oldest events. */
    planPending: (userKey: number): PlannedUser[] =>
      planEvents(userKey, pendingOfUser.all(userKey, MAX_EVENTS_PER_USER)),
    /** The batch's users as the ledger holds them now, planned afresh. */
    planBatch: (batchId: number): PlannedUser[] => {
      deliveredNames.beginRound()
      return [...groupBy(eventsOfBatch.all(batchId), (event) => event.userKey)].flatMap(([userKey, events]) =>
        planEvents(userKey, events)
      )
    },
    userKeysOf: (batchId: number): number[] => userKeysOf.all(batchId)
  }
}

export type UserPlans = ReturnType<typeof prepareUserPlans>
