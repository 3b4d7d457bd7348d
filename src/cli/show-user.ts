import type { EventState, Store, Subject } from '../store/store.js'
import { eventDocument } from './event-document.js'
import { renderFields } from './fields.js'
import { formatCount } from './format-number.js'
import { quoted } from './hint.js'
import { deliveredValues } from './sent-values.js'
import type { ShowContext, Shown } from './show.js'
import { renderTable } from './table.js'
import { renderValues } from './values.js'
import { formatTime } from './when.js'

const EVENTS_READ = 1000
const EVENTS_SHOWN = 20

/** Shows a user or, depending on `subject`, a group. */
export async function showUser(
  store: Store,
  identifier: string,
  subject: Subject,
  { hint }: ShowContext
): Promise<Shown | undefined> {
  const { events, total } = await store.eventsOfUser(identifier, EVENTS_READ, subject)
  if (total === 0) return undefined
  const { properties: delivered, groups } = deliveredValues(events)
  const states = new Map<EventState, number>()
  for (const { state } of events) states.set(state, (states.get(state) ?? 0) + 1)
  const counts = [...states].map(([state, count]) => `${formatCount(count)} ${state}`).join(', ')
  const more = total > EVENTS_SHOWN ? `\n(the newest ${EVENTS_SHOWN} of ${formatCount(total)}; --json shows more)` : ''
  const rows = events
    .slice(0, EVENTS_SHOWN)
    .map((event) => [
      formatTime(event.eventTime),
      event.state,
      event.batchId === undefined ? '' : String(event.batchId),
      event.messageId,
      event.properties
    ])
  const failed = states.has('failed')
    ? `replay failed events with: ${hint(`replay --${subject} ${quoted(identifier)}`)}`
    : undefined
  return {
    page: [
      renderFields([
        [subject, identifier],
        ['groups', groups.length > 0 ? groups.join(', ') : undefined],
        ['events', total > events.length ? `${formatCount(total)}; of the newest ${EVENTS_READ}: ${counts}` : counts],
        ['next', failed]
      ]),
      `Delivered values, newest of each property\n${renderValues(delivered, 'none')}`,
      `Events, newest first\n${renderTable(['event time', 'state', 'batch', 'message', 'properties'], rows)}${more}`
    ].join('\n\n'),
    document: {
      ...{ kind: subject, [subject]: identifier, total, delivered },
      ...(groups.length > 0 && { groups }),
      events: events.map(eventDocument)
    }
  }
}
