import { isAllSettled, type SettledReason } from '../delivery/settled.js'
import type { SenderTotals } from '../delivery/totals.js'
import type { Forwarder } from '../forwarder.js'
import type { ForwarderOptions } from '../options.js'
import type { Books, EventCounts } from '../store/store.js'
import { DEFAULT_GIVE_UP_AFTER_MS, giveUpAfter, logLevel } from './common-options.js'
import type { Config } from './config.js'
import { DeliveryWatch } from './delivery-watch.js'
import { describeTrouble, EndpointNotices } from './endpoint-notices.js'
import { lineOf } from './errors.js'
import { EXIT, type ExitCode } from './exit-codes.js'
import { formatCount, formatDuration } from './format-number.js'
import { hint } from './hint.js'
import { Interrupt } from './interrupt.js'
import { createLogger } from './logger.js'
import type { Output } from './output.js'
import { plural, renderSummary, summarize, undelivered, type Summary } from './summary.js'
import { Tally } from './tally.js'

const SHUTDOWN_DEADLINE_MS = 10_000
/** Four times as much as in `serve`: no client waits for an answer while the WAL is copied into the database. */
const MAX_WAL_BYTES = 128 * 1024 * 1024

/** A run of `forward` or `replay`: it puts events into a forwarder and waits until they are delivered. */
export interface DeliveryRun {
  readonly forwarder: Forwarder
  readonly config: Config
  readonly output: Output
  readonly tally: Tally
  readonly watch: DeliveryWatch
  /** Aborted by SIGINT or SIGTERM. */
  readonly signal: AbortSignal
  readonly giveUpAfterMs: number
  /** Reports an error, which makes the exit code 1; the run continues. */
  complain: (error: unknown) => void
  /** Skips the final waiting, because an earlier wait has already ended for this reason. */
  end: (reason: SettledReason) => void
}

export interface DeliveryRunPlan {
  config: Config
  output: Output
  options: ForwarderOptions & { store: string }
  /** Print the summary as JSON. */
  json: boolean
  /** The size of the input, if it is known. */
  totalBytes?: number | undefined
  /** Puts the events in. An error that it throws ends the run without a summary. */
  putIn: (run: DeliveryRun) => Promise<void>
  /** Waits until the events are settled; by default until everything in the store is. */
  settle?: (run: DeliveryRun) => Promise<SettledReason>
  /** Whether undelivered events make the exit code 1. */
  mustDeliver: boolean
}

/** Prints the summary and resolves to the exit code. Throws StoreError and ConfigurationError. */
export async function runDelivery(plan: DeliveryRunPlan): Promise<ExitCode> {
  const startedAt = performance.now()
  const interrupt = new Interrupt(() =>
    plan.output.note('stopping after the calls in flight; a second signal stops at once')
  )
  try {
    const forwarder = await open(plan)
    try {
      return await work(plan, forwarder, interrupt.signal, startedAt)
    } finally {
      await forwarder.close({ deadlineMs: SHUTDOWN_DEADLINE_MS })
    }
  } finally {
    interrupt.dispose()
  }
}

async function work(
  plan: DeliveryRunPlan,
  forwarder: Forwarder,
  signal: AbortSignal,
  startedAt: number
): Promise<ExitCode> {
  const { config, output, options } = plan
  const { events: before, sender } = await forwarder.books()
  const kept = `events are kept in ${options.store}`
  const advice =
    options.send === false && sender !== undefined
      ? `it is the key of process ${sender.pid}, which is sending from this store; restart that process with the right key (DOPT_API_KEY); ${kept}`
      : `${kept}; run the same command again with the right key (DOPT_API_KEY)`
  const tally = new Tally()
  const backlog = undelivered(before)
  const watch = new DeliveryWatch(forwarder, tally, output, new EndpointNotices(advice), backlog)
  const errors: string[] = []
  let ended: SettledReason | undefined
  const run: DeliveryRun = {
    ...{ forwarder, config, output, tally, watch, signal },
    giveUpAfterMs: config.get(giveUpAfter) ?? DEFAULT_GIVE_UP_AFTER_MS,
    complain: (error) => {
      errors.push(lineOf(error))
      output.noteOnce(`error: ${lineOf(error)}`)
    },
    end: (how) => (ended = how)
  }
  let reason: SettledReason
  watch.start(plan.totalBytes)
  try {
    await plan.putIn(run)
    reason = ended ?? (await (plan.settle ?? settleAll)(run))
    // Calls in flight may still settle events, so count after they have ended.
    await forwarder.sender?.stop(SHUTDOWN_DEADLINE_MS)
    if (reason === 'stalled' && isAllSettled(await forwarder.store.agenda())) reason = 'settled'
  } finally {
    watch.stop()
  }
  const { totals } = forwarder
  const states = withRemoved(await forwarder.countStates(tally.ranges), tally.accepted, totals)
  const books = await forwarder.books()
  const summary = summarize(tally, states, books.events, totals, performance.now() - startedAt, errors)
  explain(reason, books, run)
  if (plan.json) output.printJson(summary)
  else output.print(renderSummary(summary))
  // Some of the earlier runs' events that failed in this one may have been removed by `forget`.
  giveHints(summary, Math.max(summary.failed, Math.min(totals.failed, books.events.failed)), config, output)
  if (reason === 'interrupted') return EXIT.interrupted
  const isUndelivered = plan.mustDeliver && (summary.pending > 0 || reason !== 'settled')
  const hasFailures = summary.failed + summary.rejected + totals.failed > 0
  return errors.length > 0 || isUndelivered || hasFailures ? EXIT.incomplete : EXIT.done
}

/**
 * Near its limit, the store removes delivered events at once, and then no longer knows their state; this run's own sender
 * does. What neither of them knows was removed by `forget` or `prune`.
 */
function withRemoved(states: EventCounts, accepted: number, totals: SenderTotals): EventCounts & { removed: number } {
  const missing = accepted - Object.values(states).reduce((sum: number, count: number) => sum + count, 0)
  const superseded = within(0, totals.superseded - states.superseded, missing)
  const delivered = within(0, totals.delivered - states.delivered, missing - superseded)
  return {
    ...states,
    superseded: states.superseded + superseded,
    delivered: states.delivered + delivered,
    removed: Math.max(0, missing - superseded - delivered)
  }
}

function within(minimum: number, value: number, maximum: number): number {
  return Math.max(minimum, Math.min(value, maximum))
}

async function open({ config, output, options }: DeliveryRunPlan): Promise<Forwarder> {
  const { Forwarder } = await import('../forwarder.js')
  return Forwarder.create(
    { ...options, logger: await createLogger(config.get(logLevel), output) },
    { maxWalBytes: MAX_WAL_BYTES }
  )
}

async function settleAll({ forwarder, signal, giveUpAfterMs }: DeliveryRun): Promise<SettledReason> {
  if (signal.aborted) return 'interrupted'
  return forwarder.untilSettled({ giveUpAfterMs, signal })
}

/** Says why the run ended before everything was settled. A refused key was reported when it was refused. */
function explain(reason: SettledReason, { events, endpoint, lastErrors }: Books, run: DeliveryRun): void {
  if (reason === 'settled' || reason === 'key-refused') return
  const { forwarder, output, giveUpAfterMs } = run
  const known = endpoint?.state === 'ok' ? undefined : endpoint?.lastError
  const left = undelivered(events)
  const kept = `${plural(left, 'event')} undelivered`
  const place = `kept in ${forwarder.store.location}: run the same command again to continue`
  if (reason === 'interrupted') {
    output.note(
      left > 0
        ? `interrupted with ${kept}, ${place}`
        : 'interrupted; no accepted event is undelivered: run the same command again to continue'
    )
    return
  }
  // Without batches to retry, the last errors belong to batches that have failed, perhaps long ago.
  const [newest] = events.retrying > 0 ? lastErrors : []
  const lastError = newest && [newest.status, newest.code, newest.error].filter(Boolean).join(' ')
  const trouble = known ?? lastError
  const why = trouble === undefined ? 'no call was answered' : describeTrouble(trouble)
  output.note(`gave up after ${formatDuration(giveUpAfterMs)} without progress (${why}): ${kept}, ${place}`)
}

function giveHints({ rejected }: Summary, failed: number, config: Config, output: Output): void {
  if (failed > 0) {
    output.note(`${formatCount(failed)} failed: see "${hint('batches --state failed', config)}"`)
  }
  if (rejected > 0) {
    output.note(`${formatCount(rejected)} rejected and kept: see "${hint('replay --rejected --dry-run', config)}"`)
  }
}
