import { mergeUpdates, type PropertyValue, type UserEntry } from '../destination/dopt-api.js'
import { toEntry } from './memberships.js'

/** An event from the ledger. */
export interface PlannedEvent {
  seq: number
  identifier: string
  eventTime: number
  /** As stored, memberships included. */
  properties: string
}

/** What the newest-wins rule needs of a delivered event: which properties it set, and when. */
export interface DeliveredNames {
  seq: number
  eventTime: number
  names: readonly string[]
}

export interface UserPlan {
  /** What to send; undefined if newer delivered events have set every property since. */
  entry: UserEntry | undefined
  /**
   * For each event, in the given order: the seq of the event that superseded it, by setting the last of its properties.
   */
  supersededBy: Array<number | undefined>
}

type Properties = Record<string, PropertyValue>
export type Moment = Pick<PlannedEvent, 'seq' | 'eventTime'>

export function parseProperties(text: string): Properties {
  return JSON.parse(text) as Properties
}

/** Newer by event time, then by order of arrival. */
export function isNewer(a: Moment, b: Moment): boolean {
  return a.eventTime > b.eventTime || (a.eventTime === b.eventTime && a.seq > b.seq)
}

/**
 * The newest-wins rule ("law 4" in the tests) for one user: the newest value of each property is sent, unless a newer
 * event that set it was already delivered.
 *
 * @param events the user's events to send; at least one
 * @param delivered the properties set by delivered events that may be newer than the oldest of `events`
 */
export function planUser(events: readonly PlannedEvent[], delivered: readonly DeliveredNames[]): UserPlan {
  const [only] = events
  if (only === undefined) return { entry: undefined, supersededBy: [] }
  const { identifier } = only
  if (events.length === 1 && delivered.length === 0) {
    return { entry: toEntry(identifier, only.properties), supersededBy: [undefined] }
  }

  const newest = newestByName(delivered)
  const left = events.map((event) => leaveOutOvertaken(event, newest))
  const alive = left.flatMap((remains, index) => (remains.overtakenBy === undefined ? [{ ...remains, index }] : []))
  const merged = mergeUpdates(
    alive.map(({ event, properties }) => ({ eventTime: event.eventTime, order: event.seq, properties }))
  )

  const supersededBy = left.map((remains) => remains.overtakenBy)
  alive.forEach(({ index }, position) => {
    const by = merged.supersededBy[position]
    if (by !== undefined) supersededBy[index] = alive[by]?.event.seq
  })
  const entry = alive.length === 0 ? undefined : toEntry(identifier, JSON.stringify(merged.properties))
  return { entry, supersededBy }
}

/** The newest delivered event that set each property. If that is not newer than an event, no other is. */
function newestByName(delivered: readonly DeliveredNames[]): ReadonlyMap<string, Moment> {
  const newest = new Map<string, Moment>()
  for (const event of delivered) {
    for (const name of event.names) {
      const known = newest.get(name)
      if (known === undefined || isNewer(event, known)) newest.set(name, event)
    }
  }
  return newest
}

/**
 * The event without properties that newer delivered events set; if none are left, also which event set the last one.
 */
function leaveOutOvertaken(
  event: PlannedEvent,
  newest: ReadonlyMap<string, Moment>
): { event: PlannedEvent; properties: Properties; overtakenBy: number | undefined } {
  const properties = parseProperties(event.properties)
  if (newest.size === 0) return { event, properties, overtakenBy: undefined }
  const overtakers: Moment[] = []
  const kept = Object.entries(properties).filter(([name]) => {
    const other = newest.get(name)
    if (other === undefined || !isNewer(other, event)) return true
    overtakers.push(other)
    return false
  })
  const overtakenBy = kept.length > 0 ? undefined : newestOf(overtakers)?.seq
  return { event, properties: Object.fromEntries(kept), overtakenBy }
}

function newestOf<T extends Moment>(moments: readonly T[]): T | undefined {
  return moments.reduce<T | undefined>((a, b) => (a === undefined || isNewer(b, a) ? b : a), undefined)
}
