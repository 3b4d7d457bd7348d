import { parseEventTime } from '../../destination/dopt-api.js'

/**
 * When an event without a `timestamp` happened; undefined when that cannot be known.
 *
 * A `timestamp` stays as it is: what Segment passes on was corrected there, and what an SDK sends is what the
 * application said. Without one, `originalTimestamp` tells by the client's clock when it happened and `sentAt`, by the
 * same clock, when it was sent; how far apart they are is right even where the clock is wrong: `timestamp = receivedAt
 * − (sentAt − originalTimestamp)`. Without `sentAt` the client's clock has to be believed.
 *
 * @param receivedAt in epoch milliseconds; nothing happened later than that
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

/** Whether that is a time in any form that Segment takes. */
export function isTime(value: unknown): boolean {
  return clientTime(value) !== undefined
}

function clientTime(value: unknown): number | undefined {
  // With no arrival to be bound by, a clock that runs ahead comes through as it is.
  const time = parseEventTime(value, Infinity)
  return Number.isFinite(time) ? time : undefined
}
