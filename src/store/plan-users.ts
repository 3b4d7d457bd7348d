import { mergeUpdates, type PropertyValue, type UserEntry } from '../destination/dopt-api.js'
import { toEntry } from './memberships.js'

/** An event as the ledger holds it. */
export interface PlannedEvent {
  seq: number
  identifier: string
  eventTime: number
  /** As stored: memberships are among them. */
  properties: string
}

/** A delivered event, as far as law 4 needs it: which names it gave a value, and when. */
export interface DeliveredNames {
  seq: number
  eventTime: number
  names: readonly string[]
}

export interface UserPlan {
  /** What to send; undefined when a newer delivered event has overtaken everything. */
  entry: UserEntry | undefined
  /** For each event, in the order given, the seq of the event that overtook the last of its values. */
  supersededBy: Array<number | undefined>
}

type Properties = Record<string, PropertyValue>
export type Moment = Pick<PlannedEvent, 'seq' | 'eventTime'>

export function parseProperties(text: string): Properties {
  return JSON.parse(text) as Properties
}

/** Newer by event time, then by arrival. */
export function isNewer(a: Moment, b: Moment): boolean {
  return a.eventTime > b.eventTime || (a.eventTime === b.eventTime && a.seq > b.seq)
}

/**
 * Law 4 for one user: of several events the newest value of each property goes out, and none that a newer event has
 * already delivered.
 *
 * @param events the user's events that want to go out; at least one
 * @param delivered what the user's delivered events that may be newer than the oldest of them gave a value
 */
export function planUser(events: readonly PlannedEvent[], delivered: readonly DeliveredNames[]): UserPlan {
  const [only] = events
  if (only === undefined) return { entry: undefined, supersededBy: [] }
  const { identifier } = only
  if (events.length === 1 && delivered.length === 0) {
    return { entry: toEntry(identifier, only.properties), supersededBy: [undefined] }
  }

  const left = events.map((event) => leaveOutOvertaken(event, delivered))
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

/** The event without the values that newer delivered events hold; when that is all of them, by which it was overtaken last. */
function leaveOutOvertaken(
  event: PlannedEvent,
  delivered: readonly DeliveredNames[]
): { event: PlannedEvent; properties: Properties; overtakenBy: number | undefined } {
  const properties = parseProperties(event.properties)
  const newer = delivered.filter((other) => isNewer(other, event))
  if (newer.length === 0) return { event, properties, overtakenBy: undefined }
  const overtakers = new Map<string, DeliveredNames>()
  for (const other of newer) {
    for (const name of other.names) {
      const known = overtakers.get(name)
      if (known === undefined || isNewer(other, known)) overtakers.set(name, other)
    }
  }
  const entries = Object.entries(properties)
  const kept = entries.filter(([name]) => !overtakers.has(name))
  return {
    event,
    properties: Object.fromEntries(kept),
    overtakenBy: kept.length > 0 ? undefined : newestOf(entries.flatMap(([name]) => overtakers.get(name) ?? []))?.seq
  }
}

function newestOf<T extends Moment>(moments: readonly T[]): T | undefined {
  return moments.reduce<T | undefined>((a, b) => (a === undefined || isNewer(b, a) ? b : a), undefined)
}
