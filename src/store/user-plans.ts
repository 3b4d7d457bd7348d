import type { Database } from 'better-sqlite3'
import { groupBy } from './group-by.js'
import {
  isNewer,
  parseProperties,
  planUser,
  type DeliveredNames,
  type PlannedEvent,
  type UserPlan
} from './plan-users.js'
import { prepareUserHistory } from './user-history.js'

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
     from ledger l indexed by ledger_by_user join events e on e.seq = l.seq
     where l.user_key = ? and l.batch_id is null limit ?`
  )
  // What went out without a clear answer may have reached Dopt, whether it has failed since or was put back by a replay:
  // an older value must not overwrite it.
  const deliveredSince = db.prepare<[number, number], PlannedEvent>(
    `select l.seq, l.event_time as eventTime, e.identifier, e.properties
     from ledger l indexed by ledger_by_user left join batches b on b.id = l.batch_id join events e on e.seq = l.seq
     where l.user_key = ? and l.event_time >= ?
       and (b.state = 'delivered' or (b.state = 'failed' or b.state is null) and max(ifnull(b.uncertain, 0), l.uncertain) = 1)`
  )
  const eventsOfBatch = db.prepare<[number], KeyedEvent>(
    `select l.seq, l.user_key as userKey, l.event_time as eventTime, e.identifier, e.properties
     from ledger l join events e on e.seq = l.seq where l.batch_id = ? order by l.seq`
  )
  const userKeysOf = db.prepare<[number], number>('select distinct user_key from ledger where batch_id = ?').pluck()
  const history = prepareUserHistory(db)

  function deliveredNames(
    identifier: string,
    delivered: readonly PlannedEvent[],
    oldest: PlannedEvent
  ): DeliveredNames[] {
    const live = delivered
      .filter((event) => event.identifier === identifier)
      .map(({ seq, eventTime, properties }) => ({ seq, eventTime, names: Object.keys(parseProperties(properties)) }))
    return [...live, ...history.read(identifier)].filter((event) => isNewer(event, oldest))
  }

  /** Two users can share a key; each is planned on its own. */
  function planEvents(userKey: number, events: readonly PlannedEvent[]): PlannedUser[] {
    const [first] = events
    if (first === undefined) return []
    const oldest = events.reduce((a, b) => (isNewer(a, b) ? b : a), first)
    const delivered = deliveredSince.all(userKey, oldest.eventTime)
    return [...groupBy(events, (event) => event.identifier)].map(([identifier, own]) => ({
      userKey,
      events: own,
      plan: planUser(own, deliveredNames(identifier, delivered, oldest))
    }))
  }

  return {
    /** The pending users of a key, in the order of their arrival. */
    planPending: (userKey: number): PlannedUser[] => {
      const events = pendingOfUser.all(userKey, MAX_EVENTS_PER_USER)
      return planEvents(
        userKey,
        events.sort((a, b) => a.seq - b.seq)
      )
    },
    /** The batch's users as the ledger holds them now, planned afresh. */
    planBatch: (batchId: number): PlannedUser[] =>
      [...groupBy(eventsOfBatch.all(batchId), (event) => event.userKey)].flatMap(([userKey, events]) =>
        planEvents(userKey, events)
      ),
    userKeysOf: (batchId: number): number[] => userKeysOf.all(batchId)
  }
}

export type UserPlans = ReturnType<typeof prepareUserPlans>
