import type { AttemptRecord, BatchRecord, Store, Subject } from '../store/store.js'
import { toDocument } from './batches.js'
import { eventDocument } from './event-document.js'
import { renderFields } from './fields.js'
import { formatCount } from './format-number.js'
import { lastWords, nextForBatch, sentHeading } from './next-step.js'
import { sentByBatch, sentDocument, type Sent } from './sent-values.js'
import type { ShowContext, Shown } from './show.js'
import { renderTable } from './table.js'
import { formatTime, formatWhen, toIso } from './when.js'

const EVENTS_READ = 1000
const ROWS_SHOWN = 20
const USERS_A_BATCH = 100

export async function showBatch(store: Store, id: number, { now, hint }: ShowContext): Promise<Shown | undefined> {
  const found = await store.getBatch(id)
  if (found === undefined) return undefined
  const { batch, children } = found
  const calls = found.attempts
  const events = await store.eventsOfBatch(id, EVENTS_READ)
  const sent = await sentByBatch(store, batch, events, USERS_A_BATCH)
  const { subject } = batch
  const next = nextForBatch(batch, now, hint)
  const heading = sentHeading(batch)
  const rows = events
    .slice(0, ROWS_SHOWN)
    .map((event) => [event.messageId, event.identifier, formatTime(event.eventTime), event.state, event.properties])
  const sections = [
    renderFields([
      ['batch', String(id)],
      ['state', batch.state],
      [subject === 'group' ? 'groups' : 'users', formatCount(batch.users)],
      ['events', `${formatCount(batch.events)}, ${formatCount(batch.superseded)} of them superseded`],
      ['created', formatWhen(batch.createdAt, now)],
      ['settled', batch.settledAt === undefined ? undefined : formatWhen(batch.settledAt, now)],
      ['attempts', formatCount(batch.attempts)],
      ['split from', batch.parentId === undefined ? undefined : `batch ${batch.parentId}`],
      ['split into', describeChildren(children)],
      lastWords(batch),
      ['next', next]
    ]),
    calls.length === 0 ? '' : `Unsuccessful calls\n${renderCalls(calls, now)}`,
    sent.length === 0 ? '' : `${heading}\n${renderSent(subject, sent)}${more(sent.length, batch.users)}`,
    rows.length === 0
      ? ''
      : `Received\n${renderTable(['message', subject, 'event time', 'state', 'properties'], rows)}${more(events.length, batch.events)}`
  ]
  return {
    page: sections.filter((section) => section !== '').join('\n\n'),
    document: {
      kind: 'batch',
      ...toDocument(batch),
      next,
      children: children.map(toDocument),
      calls: calls.map(callDocument),
      sent: sent.map((one) => sentDocument(subject, one)),
      cameIn: events.map(eventDocument)
    }
  }
}

function callDocument({ attempt, at, status, code, error }: AttemptRecord) {
  return { attempt, at: toIso(at), status: status ?? null, code: code ?? null, error: error ?? null }
}

function describeChildren(children: readonly BatchRecord[]): string | undefined {
  if (children.length === 0) return undefined
  return children.map(({ id, state }) => `batch ${id} (${state})`).join(', ')
}

function renderCalls(calls: readonly AttemptRecord[], now: number): string {
  return renderTable(
    ['attempt', 'when', 'status', 'code', 'error'],
    calls.map(({ attempt, at, status, code, error }) => [
      attempt,
      formatWhen(at, now),
      status === undefined ? '' : String(status),
      code ?? '',
      error ?? ''
    ])
  )
}

function renderSent(subject: Subject, sent: readonly Sent[]): string {
  const isGrouped = sent.some(({ groups }) => groups.length > 0)
  return renderTable(
    [subject, ...(isGrouped ? ['groups'] : []), 'properties'],
    sent
      .slice(0, ROWS_SHOWN)
      .map(({ identifier, groups, properties }) => [
        identifier,
        ...(isGrouped ? [groups.join(', ')] : []),
        properties === undefined ? '(all superseded)' : JSON.stringify(properties)
      ])
  )
}

function more(read: number, total: number): string {
  if (total <= ROWS_SHOWN) return ''
  return `\n(${ROWS_SHOWN} of ${formatCount(total)}${read > ROWS_SHOWN ? '; --json shows more' : ''})`
}
