import type { SenderTotals } from '../delivery/totals.js'
import type { EventCounts } from '../store/store.js'
import { formatCount, formatDuration } from './format-number.js'
import { describeIgnored } from './ignored-reasons.js'
import { printable } from './printable.js'
import type { Tally } from './tally.js'

/**
 * What `forward --json` and `replay --json` print. `received = accepted + duplicates + rejected + ignored`, and
 * `accepted = delivered + superseded + failed + pending + removed`; `calls`, `users` and `groups` are those of the whole run,
 * which also delivers what earlier runs left.
 */
export interface Summary {
  received: number
  accepted: number
  duplicates: number
  rejected: number
  ignored: number
  ignoredReasons: Record<string, number>
  delivered: number
  superseded: number
  failed: number
  /** Not settled yet: pending, sending or retrying. */
  pending: number
  /** Removed from the store by `forget` or `prune` meanwhile. */
  removed: number
  calls: number
  users: number
  groups: number
  durationMs: number
  /** What kept this run from reading an input to its end, or from accepting it: a line for each, as on standard error. */
  errors: string[]
  /** Events that this run did not accept: those that were settled during it, and those that are not settled after it. */
  earlier: Pick<EventCounts, 'delivered' | 'superseded' | 'failed' | 'pending'>
}

/**
 * @param states of the events that this run accepted
 * @param inStore the states of all events in the store
 */
export function summarize(
  tally: Tally,
  states: EventCounts & { removed: number },
  inStore: EventCounts,
  totals: SenderTotals,
  durationMs: number,
  errors: string[] = []
): Summary {
  const { received, accepted, duplicates, rejected, ignored, ignoredReasons } = tally
  const { delivered, superseded, failed, removed } = states
  const pending = undelivered(states)
  const { calls, users, groups } = totals
  const besides = (all: number, own: number): number => Math.max(0, all - own)
  return {
    ...{ received, accepted, duplicates, rejected, ignored, ignoredReasons },
    ...{
      delivered,
      superseded,
      failed,
      pending,
      removed,
      calls,
      users,
      groups,
      durationMs: Math.round(durationMs),
      errors
    },
    earlier: {
      delivered: besides(totals.delivered, delivered),
      superseded: besides(totals.superseded, superseded),
      failed: besides(totals.failed, failed),
      pending: besides(undelivered(inStore), pending)
    }
  }
}

export function undelivered({ pending, sending, retrying }: EventCounts): number {
  return pending + sending + retrying
}

/** The summary as text. Without a line break at its end. */
export function renderSummary(summary: Summary): string {
  const rows: Array<[string, number, string]> = [
    ['received', summary.received, ''],
    ['  accepted', summary.accepted, ''],
    ['  duplicates', summary.duplicates, ''],
    ['  rejected', summary.rejected, ''],
    ['  ignored', summary.ignored, describeIgnored(summary.ignoredReasons)],
    ['delivered', summary.delivered, ''],
    ['superseded', summary.superseded, summary.superseded > 0 ? 'newer values were sent' : ''],
    ['failed', summary.failed, ''],
    ['pending', summary.pending, '']
  ]
  if (summary.removed > 0) rows.push(['removed', summary.removed, 'by forget or prune'])
  const names = Math.max(...rows.map(([name]) => name.length))
  const numbers = Math.max(...rows.map(([, count]) => formatCount(count).length))
  const lines = rows.map(([name, count, remark]) =>
    `${name.padEnd(names)}  ${formatCount(count).padStart(numbers)}  ${printable(remark)}`.trimEnd()
  )
  const besides = Object.entries(summary.earlier).filter(([, count]) => count > 0)
  if (besides.length > 0) {
    lines.push(`of earlier runs: ${besides.map(([name, count]) => `${formatCount(count)} ${name}`).join(', ')}`)
  }
  const { calls, users, groups, durationMs } = summary
  const took = [plural(calls, 'call'), plural(users, 'user'), groups > 0 && plural(groups, 'group')]
  return [...lines, [...took, formatDuration(durationMs)].filter(Boolean).join(', ')].join('\n')
}

export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : noun.endsWith('ch') ? 'es' : 's'}`
}
