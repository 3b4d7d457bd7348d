import { renderFields } from './fields.js'
import { formatBytes } from '../format-bytes.js'
import { formatAge, formatCount } from './format-number.js'
import { describeIgnored } from './ignored-reasons.js'
import type { StatusDocument } from './status-document.js'
import { plural, undelivered } from './summary.js'
import { renderTable } from './table.js'
import { formatWhen } from './when.js'

/** @param hint makes a command to run next from its name and flags */
export function renderStatus(status: StatusDocument, now: number, hint: (command: string) => string): string {
  const { store, intake, rejected, rates, oldestPendingAt } = status
  const sections = [
    renderFields([
      ['store', `${store.file}, ${formatBytes(store.bytes)}`],
      ['sender', describeSender(status, now)],
      ['endpoint', describeEndpoint(status, now)],
      ['oldest', oldestPendingAt === null ? undefined : `arrived ${formatWhen(Date.parse(oldestPendingAt), now)}`],
      ['rate', describeRate(rates)]
    ]),
    `Events\n${renderCounts(describeEvents(status))}`,
    `Received\n${renderCounts([
      ['received', intake.received, ''],
      ['accepted', intake.accepted, ''],
      ['duplicates', intake.duplicates, ''],
      ['rejected', intake.rejected, describeKept(rejected, intake.rejected)],
      ['ignored', Object.values(intake.ignored).reduce((sum, count) => sum + count, 0), describeIgnored(intake.ignored)]
    ])}`,
    renderErrors(status, now),
    renderHints(status, hint)
  ]
  return sections.filter((section) => section !== '').join('\n\n')
}

function describeSender({ sender }: StatusDocument, now: number): string {
  if (sender === null) return 'none yet'
  const { pid, host, startedAt, alive } = sender
  const started = startedAt === null ? '' : `, started ${formatWhen(Date.parse(startedAt), now)}`
  if (alive === true) return `running, pid ${pid}${started}`
  return alive === false ? `not running; the last one was pid ${pid}${started}` : `pid ${pid} on ${host}${started}`
}

function describeEndpoint({ endpoint }: StatusDocument, now: number): string {
  const { state, since, lastError, nextProbeAt } = endpoint
  const parts = [since === null ? state : `${state} since ${formatWhen(Date.parse(since), now)}`]
  if (state !== 'ok' && lastError !== null) parts.push(lastError)
  // A probe that is overdue will not be made: its sender is gone.
  if (nextProbeAt !== null && Date.parse(nextProbeAt) > now)
    parts.push(`next probe ${formatWhen(Date.parse(nextProbeAt), now)}`)
  return parts.join('; ')
}

function describeRate({ deliveredEvents, windowMs, complete }: StatusDocument['rates']): string {
  const rate = `${plural(deliveredEvents, 'event')} delivered in the last ${windowMs === 60_000 ? 'minute' : formatAge(windowMs)}`
  return complete ? rate : `${rate}, not counting those no longer kept`
}

type Count = readonly [name: string, count: number, remark: string]

function describeEvents({ events, batches, prunedDelivered, removed }: StatusDocument): Count[] {
  const inBatches = (count: number): string => (count === 0 ? '' : `in ${plural(count, 'batch')}`)
  const delivered = inBatches(batches.delivered)
  const kept = events.delivered - prunedDelivered
  const gone =
    kept > 0 ? `${formatCount(kept)} ${delivered}, ${formatCount(prunedDelivered)} no longer kept` : 'no longer kept'
  return [
    ['pending', events.pending, ''],
    ['sending', events.sending, inBatches(batches.sending)],
    ['retrying', events.retrying, inBatches(batches.retrying)],
    ['delivered', events.delivered, prunedDelivered === 0 ? delivered : gone],
    ['superseded', events.superseded, ''],
    ['failed', events.failed, inBatches(batches.failed)],
    ...(removed > 0 ? [['removed', removed, 'by forget or prune'] as const] : [])
  ]
}

/** A rejected event is kept once for each content and reason, until it can be replayed. */
function describeKept(kept: number, rejected: number): string {
  if (kept === 0) return ''
  const rest = kept < rejected ? '; the rest are repeats, or were replayed or removed' : ''
  return `${formatCount(kept)} kept${rest}`
}

function renderCounts(counts: readonly Count[]): string {
  const names = Math.max(...counts.map(([name]) => name.length))
  const numbers = Math.max(...counts.map(([, count]) => formatCount(count).length))
  return counts
    .map(([name, count, remark]) =>
      `  ${name.padEnd(names)}  ${formatCount(count).padStart(numbers)}  ${remark}`.trimEnd()
    )
    .join('\n')
}

function renderErrors({ lastErrors }: StatusDocument, now: number): string {
  if (lastErrors.length === 0) return ''
  const rows = lastErrors.map(({ batch, at, status, code, error }) => [
    at === null ? '' : `${formatAge(now - Date.parse(at))} ago`,
    String(batch),
    status === null ? (code ?? '') : String(status),
    error
  ])
  return `Last errors\n${renderTable(['when', 'batch', 'status', 'error'], rows)}`
}

function renderHints(
  { events, rejected, endpoint, sender }: StatusDocument,
  hint: (command: string) => string
): string {
  const hints: string[] = []
  const waiting = undelivered(events)
  if (endpoint.state === 'key-refused') hints.push(`The key is refused: check it with "${hint('check')}"`)
  if (waiting > 0 && sender?.alive !== true) {
    hints.push(`No sender is running: deliver pending events with "${hint('forward - </dev/null')}"`)
  }
  if (events.failed > 0) {
    hints.push(
      `See failed events with "${hint('batches --state failed')}"; replay them with "${hint('replay --failed')}"`
    )
  }
  if (rejected > 0) hints.push(`See rejected events with "${hint('replay --rejected --dry-run')}"`)
  return hints.join('\n')
}
