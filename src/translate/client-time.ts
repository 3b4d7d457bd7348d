import { parseEventTime } from '../destination/dopt-api.js'

/**
 * When an event without a `timestamp` happened; undefined if that cannot be known.
 *
 * A `timestamp` is used as it is: Segment has already corrected it, and in an SDK's event the application set it.
 * Without one, `originalTimestamp` is when it happened and `sentAt` when it was sent, both by the client's clock; their
 * difference is right even if that clock is wrong: `timestamp = receivedAt − (sentAt − originalTimestamp)`. Without
 * `sentAt`, the client's clock must be trusted.
 *
 * @param receivedAt in epoch milliseconds; no event happened later than that
 */
export function clientTimestamp(
  { originalTimestamp, sentAt }: { originalTimestamp: unknown; sentAt: unknown },
  receivedAt: number
): string | undefined {
  const happened = clientTime(originalTimestamp)
  if (happened === undefined) return undefined
  const sent = clientTime(sentAt)
  const time = sent === undefined ? happened : receivedAt - Math.max(0, sent - happened)
  return time > 0 ? new Date(Math.min(time, receivedAt)).toISOString() : undefined
}

/**
 * When an event happened, in epoch milliseconds, and never later than `arrivedAt`; undefined if that cannot be known.
 * `mapped` is what the mapping takes from the event as its time. If that is none, it is the event's `timestamp`; without a
 * usable one, the other times that Segment and its SDKs put into an event: a file that is read today may contain events
 * that arrived at Segment long ago.
 */
export function eventTime(
  mapped: unknown,
  event: Readonly<Record<string, unknown>>,
  arrivedAt: number
): number | undefined {
  for (const value of [mapped, event['timestamp']]) {
    const time = parseEventTime(value, arrivedAt)
    if (time < arrivedAt || isTime(value)) return time
  }
  const { originalTimestamp, sentAt, receivedAt } = event
  const received = isTime(receivedAt) ? parseEventTime(receivedAt, arrivedAt) : undefined
  const happened = clientTimestamp({ originalTimestamp, sentAt }, received ?? arrivedAt)
  return happened === undefined ? received : Date.parse(happened)
}

/** Whether it is a time in any format that Segment accepts. */
export function isTime(value: unknown): boolean {
  return clientTime(value) !== undefined
}

function clientTime(value: unknown): number | undefined {
  // Without an upper bound, so that a time in the future is returned as it is.
  const time = parseEventTime(value, Infinity)
  return Number.isFinite(time) ? time : undefined
}
