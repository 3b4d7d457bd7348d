import { parseProperties } from '../store/plan-users.js'
import type { BatchRecord, EventRecord, Store } from '../store/store.js'
import { toDocument } from './batches.js'
import { eventDocument } from './event-document.js'
import { renderFields } from './fields.js'
import { lastWords, nextForEvent, sentHeading } from './next-step.js'
import { sentByBatch, type Sent } from './sent-values.js'
import type { ShowContext, Shown } from './show.js'
import { renderTable } from './table.js'
import { renderValues } from './values.js'
import { formatWhen } from './when.js'

const EVENTS_READ = 1000
const NO_VALUES = 'no properties'

export async function showMessage(store: Store, id: string, context: ShowContext): Promise<Shown | undefined> {
  const event = await store.getEvent(id)
  if (event === undefined) return undefined
  const { now, hint } = context
  const parts = await store.partsOfEvent(id)
  const found = event.batchId === undefined ? undefined : await store.getBatch(event.batchId)
  const batch = found?.batch
  const next = nextForEvent(event, batch, now, hint)
  const sent = batch && (await sentFor(store, event, batch))
  const fields = renderFields([
    ['message', event.messageId],
    [event.subject, event.identifier],
    ['groups', event.groups.length > 0 ? event.groups.join(', ') : undefined],
    ['state', event.state],
    ['event time', formatWhen(event.eventTime, now)],
    ['arrived', formatWhen(event.arrivedAt, now)],
    ['batch', batch && `${batch.id}, ${batch.state}`],
    ...(batch === undefined ? [] : [lastWords(batch)]),
    ['next', next]
  ])
  const sections = [
    fields,
    `Received\n${renderValues(parseProperties(event.properties), NO_VALUES)}`,
    batch &&
      sent?.properties &&
      `${sentHeading(batch)} for this ${event.subject} in batch ${batch.id}\n${renderValues(sent.properties, NO_VALUES)}`,
    parts.length > 1 ? `Parts, in the order in which they are sent\n${renderParts(parts)}` : undefined
  ]
  return {
    page: sections.filter((section) => section !== undefined).join('\n\n'),
    document: {
      ...{ kind: 'message', ...eventDocument(event), next, sent: sent?.properties ?? null },
      parts: parts.map((part) => ({ ...eventDocument(part), turn: part.turn })),
      inBatch: batch === undefined ? null : toDocument(batch)
    }
  }
}

/** What the batch sends for the event's user or group; it may combine several events. */
async function sentFor(store: Store, event: EventRecord, batch: BatchRecord): Promise<Sent | undefined> {
  const { events } = await store.eventsOfUser(event.identifier, EVENTS_READ, event.subject)
  const own = events.filter(({ batchId }) => batchId === batch.id)
  const [sent] = await sentByBatch(store, batch, own, 1)
  return sent
}

/** The users and groups that the event is about, and the state of each part. */
function renderParts(parts: readonly EventRecord[]): string {
  return renderTable(
    ['about', 'state', 'batch', 'groups', 'properties'],
    parts.map(({ subject, identifier, state, turn, batchId, groups, properties }) => [
      `${subject} ${identifier}`,
      turn === 'later' ? 'waiting its turn' : state,
      batchId === undefined ? '' : String(batchId),
      groups.join(', '),
      properties
    ])
  )
}
