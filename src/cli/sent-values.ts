import { mergeUpdates } from '../destination/dopt-api.js'
import { fromStored, toStored } from '../store/memberships.js'
import { parseProperties, planUser, type DeliveredNames } from '../store/plan-users.js'
import type { BatchRecord, EventRecord, Store, Subject } from '../store/store.js'

/** Maximum events read per user or group, newest first. */
const EVENTS_EACH = 1000

export type Properties = Record<string, unknown>

/** What was sent to Dopt about one user or group. */
export interface Sent {
  identifier: string
  /** Undefined if newer events superseded every value. */
  properties: Properties | undefined
  /** Groups that the user was put into. */
  groups: readonly string[]
}

/**
 * What a batch sent, or would send now. The store keeps events, not calls, so this is computed again, by guarantee 4 of
 * the README, from the batch's events and from what had been delivered when it was sent.
 */
export async function sentByBatch(
  store: Store,
  batch: BatchRecord,
  events: readonly EventRecord[],
  most: number
): Promise<Sent[]> {
  const byIdentifier = new Map<string, EventRecord[]>()
  for (const event of events) {
    const own = byIdentifier.get(event.identifier)
    if (own === undefined) byIdentifier.set(event.identifier, [event])
    else own.push(event)
  }
  const sent: Sent[] = []
  const settledAt = new Map<number, number>()
  for (const [identifier, own] of [...byIdentifier].slice(0, most)) {
    const delivered = await deliveredBefore(store, identifier, batch, settledAt)
    const { entry } = planUser(own.map(withMemberships), delivered)
    const groups = (entry?.groups ?? []).map((group) => group.identifier)
    sent.push({ identifier, properties: entry === undefined ? undefined : parseProperties(entry.properties), groups })
  }
  return sent
}

/** The newest delivered value of each property of a user or a group, according to these events. */
export function deliveredValues(events: readonly EventRecord[]): { properties: Properties; groups: readonly string[] } {
  const delivered = events.filter(({ state }) => state === 'delivered').map(withMemberships)
  const merged = mergeUpdates(
    delivered.map(({ eventTime, seq, properties }) => ({
      eventTime,
      order: seq,
      properties: parseProperties(properties)
    }))
  )
  const { properties, groups } = fromStored(JSON.stringify(merged.properties))
  return { properties: parseProperties(properties), groups }
}

/** The form in JSON documents. */
export function sentDocument(subject: Subject, { identifier, properties, groups }: Sent) {
  return { [subject]: identifier, properties, ...(groups.length > 0 && { groups }) }
}

/** What other batches had delivered of a user when this one was answered. A user is in only one open batch at a time. */
async function deliveredBefore(
  store: Store,
  identifier: string,
  batch: BatchRecord,
  settledAt: Map<number, number>
): Promise<DeliveredNames[]> {
  const answeredAt = batch.lastAttemptAt ?? Infinity
  const names: DeliveredNames[] = []
  const { events } = await store.eventsOfUser(identifier, EVENTS_EACH, batch.subject)
  for (const { seq, eventTime, properties, state, batchId } of events.map(withMemberships)) {
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

/** The event with its memberships among its properties, as `planUser` expects it. */
function withMemberships(event: EventRecord): EventRecord {
  return { ...event, properties: toStored(event.properties, event.groups) }
}
