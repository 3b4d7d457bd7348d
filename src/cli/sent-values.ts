import { mergeUpdates } from '../destination/dopt-api.js'
import { parseProperties, planUser, type DeliveredNames } from '../store/plan-users.js'
import type { BatchRecord, EventRecord, Store } from '../store/store.js'

/** A user's events that are looked at, the newest first. */
const EVENTS_A_USER = 1000

export type Properties = Record<string, unknown>

export interface SentUser {
  user: string
  /** Undefined when newer events have overtaken every value. */
  properties: Properties | undefined
}

/**
 * What a batch sent, or would send now, worked out again by the rules of law 4 from its events and from what had been
 * delivered when it went out. (The store keeps events, not calls.)
 */
export async function sentByBatch(
  store: Store,
  batch: BatchRecord,
  events: readonly EventRecord[],
  maxUsers: number
): Promise<SentUser[]> {
  const byUser = new Map<string, EventRecord[]>()
  for (const event of events) {
    const own = byUser.get(event.identifier)
    if (own === undefined) byUser.set(event.identifier, [event])
    else own.push(event)
  }
  const sent: SentUser[] = []
  const settledAt = new Map<number, number>()
  for (const [user, own] of [...byUser].slice(0, maxUsers)) {
    const delivered = await deliveredBefore(store, user, batch, settledAt)
    const { entry } = planUser(own, delivered)
    sent.push({ user, properties: entry === undefined ? undefined : parseProperties(entry.properties) })
  }
  return sent
}

/** The newest value of each property that Dopt has taken for a user, as far as these events tell. */
export function deliveredValues(events: readonly EventRecord[]): Properties {
  const delivered = events.filter(({ state }) => state === 'delivered')
  const { properties } = mergeUpdates(
    delivered.map(({ eventTime, seq, properties: text }) => ({
      eventTime,
      order: seq,
      properties: parseProperties(text)
    }))
  )
  return properties
}

/** What other batches had delivered of a user when this one was answered. A user is in one open batch at a time. */
async function deliveredBefore(
  store: Store,
  user: string,
  batch: BatchRecord,
  settledAt: Map<number, number>
): Promise<DeliveredNames[]> {
  const answeredAt = batch.lastAttemptAt ?? Infinity
  const names: DeliveredNames[] = []
  const { events } = await store.eventsOfUser(user, EVENTS_A_USER)
  for (const { seq, eventTime, properties, state, batchId } of events) {
    if (batchId === undefined || batchId === batch.id || (state !== 'delivered' && state !== 'superseded')) continue
    let time = settledAt.get(batchId)
    if (time === undefined) {
      time = (await store.getBatch(batchId))?.batch.settledAt ?? Infinity
      settledAt.set(batchId, time)
    }
    if (time <= answeredAt) names.push({ seq, eventTime, names: Object.keys(parseProperties(properties)) })
  }
  return names
}
