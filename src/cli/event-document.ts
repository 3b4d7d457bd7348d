import { parseProperties } from '../store/plan-users.js'
import type { EventRecord } from '../store/store.js'
import { toIso } from './when.js'

/** An event, or a part of one, in JSON documents. Times are ISO 8601. */
export function eventDocument(event: EventRecord) {
  const { subject, identifier, groups } = event
  return {
    messageId: event.messageId,
    [subject]: identifier,
    ...(groups.length > 0 && { groups }),
    state: event.state,
    batch: event.batchId ?? null,
    eventTime: toIso(event.eventTime),
    arrivedAt: toIso(event.arrivedAt),
    supersededBy: event.supersededBy ?? null,
    properties: parseProperties(event.properties)
  }
}
