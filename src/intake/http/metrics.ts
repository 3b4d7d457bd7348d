import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Settlement } from '../../store/store.js'
import type { CallResult } from '../../dopt/call-result.js'
import type { Forwarder, Receipt } from '../../forwarder.js'
import { HTTP_ERROR_CODES, type HttpError, type HttpErrorCode } from './http-error.js'
import { kindOfRejection, REJECTION_KINDS } from './rejection-kinds.js'

export type Measured = Pick<Forwarder, 'books' | 'store' | 'sender' | 'totals'>

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const ENDPOINT_STATES = ['ok', 'backing-off', 'key-refused'] as const
const SETTLEMENTS = ['delivered', 'retrying', 'failed', 'split'] as const
const IGNORED_REASONS = ['type', 'integrations', 'no-identifier'] as const
/** The label of requests without a route. */
export const NO_ROUTE = 'none'
const WITH_EVENTS: readonly string[] = ['POST', 'PUT', 'PATCH']
/** Counting pending events reads the store: concurrent scrapes share one count. */
const BOOKS_MAX_AGE_MS = 1000

/** The Prometheus metrics. Labels have few, fixed values, which never come from an event. */
export class Metrics {
  readonly #registry = new Registry()
  readonly #forwarder: Measured
  #booksReadAt = -Infinity

  readonly #accepted = this.#counter('events_accepted_total', 'Events written to the store.')
  readonly #duplicates = this.#counter('events_duplicate_total', 'Events whose messageId had been seen before.')
  readonly #rejected = this.#counter('events_rejected_total', 'Events meant for Dopt, but invalid.', ['reason'])
  readonly #ignored = this.#counter('events_ignored_total', 'Events that are not for Dopt.', ['reason'])
  readonly #delivered = this.#counter('events_delivered_total', 'Events delivered to Dopt.')
  readonly #superseded = this.#counter('events_superseded_total', 'Events whose values were all set by newer events.')
  readonly #failed = this.#counter('events_failed_total', 'Events that failed: see "batches --state failed".')
  readonly #calls = this.#counter('calls_total', 'Calls to Dopt, by result.', ['result'])
  readonly #callSeconds = this.#histogram('call_duration_seconds', 'Duration of calls to Dopt.')
  readonly #queue = this.#gauge('queue_events', 'Events waiting to be delivered.', ['state'])
  readonly #oldest = this.#gauge(
    'oldest_pending_age_seconds',
    'Age of the oldest event that is not settled; 0 if there is none.'
  )
  readonly #failedKept = this.#gauge('failed_events', 'Failed events in the store.')
  readonly #rejectedKept = this.#gauge('rejections_kept', 'Rejected events in the store.')
  readonly #storeBytes = this.#gauge('store_bytes', 'Size of the store in use.')
  readonly #storeLimit = this.#gauge('store_limit_bytes', 'Maximum size of the store; 0 for no limit.')
  readonly #endpoint = this.#gauge('endpoint_state', "1 for the state that Dopt's endpoint is in.", ['state'])
  readonly #requests = this.#counter('http_requests_total', 'Requests answered.', ['route', 'status'])
  readonly #requestSeconds = this.#histogram('http_request_duration_seconds', 'Duration of requests with events.')
  readonly #refused = this.#counter('http_refused_total', 'Requests refused, by code.', ['code'])
  readonly #connectionsRefused = this.#counter(
    'http_connections_refused_total',
    'Connections closed because too many were open.'
  )

  constructor(forwarder: Measured, options: { process?: boolean } = {}) {
    this.#forwarder = forwarder
    if (options.process === true) collectDefaultMetrics({ register: this.#registry })
    // All series start at 0: one that started with its first event would not show that event as an increase.
    for (const reason of REJECTION_KINDS) this.#rejected.inc({ reason }, 0)
    for (const reason of IGNORED_REASONS) this.#ignored.inc({ reason }, 0)
    for (const code of HTTP_ERROR_CODES) this.#refused.inc({ code }, 0)
    for (const result of SETTLEMENTS) this.#calls.inc({ result }, 0)
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  takeReceipt(receipt: Receipt): void {
    this.#accepted.inc(receipt.accepted)
    this.#duplicates.inc(receipt.duplicates)
    for (const { reason } of receipt.rejections) this.#rejected.inc({ reason: kindOfRejection(reason) })
    for (const reason of IGNORED_REASONS) {
      const count = receipt.ignoredReasons[reason]
      if (count !== undefined) this.#ignored.inc({ reason }, count)
    }
  }

  takeCall(result: CallResult, settlement: Settlement): void {
    this.#calls.inc({ result: settlement.to })
    this.#callSeconds.observe(result.durationMs / 1000)
  }

  takeRequest({ method, route, status, ms }: { method: string; route: string; status: number; ms: number }): void {
    this.#requests.inc({ route, status })
    // Probes and scrapes would make requests with events look faster than they are.
    if (WITH_EVENTS.includes(method) && route !== NO_ROUTE) this.#requestSeconds.observe(ms / 1000)
  }

  takeRefusal(code: HttpErrorCode): void {
    this.#refused.inc({ code })
  }

  /** Counts an answer sent before a route was found, which nothing else counts. */
  takeEarlyAnswer({ status, code }: HttpError): void {
    this.#requests.inc({ route: NO_ROUTE, status })
    this.takeRefusal(code)
  }

  takeRefusedConnection(): void {
    this.#connectionsRefused.inc()
  }

  /** The text for Prometheus. */
  async expose(): Promise<string> {
    const now = Date.now()
    this.#setTotals()
    if (now - this.#booksReadAt > BOOKS_MAX_AGE_MS) {
      await this.#setBooks(now)
      this.#booksReadAt = now
    }
    return this.#registry.metrics()
  }

  #setTotals(): void {
    const { delivered, superseded, failed } = this.#forwarder.totals
    const counts = [
      [this.#delivered, delivered],
      [this.#superseded, superseded],
      [this.#failed, failed]
    ] as const
    for (const [counter, count] of counts) {
      counter.reset()
      counter.inc(count)
    }
  }

  async #setBooks(now: number): Promise<void> {
    const { store, sender } = this.#forwarder
    const [books, { bytes, maxBytes }] = await Promise.all([this.#forwarder.books(), store.usage()])
    for (const state of ['pending', 'sending', 'retrying'] as const) this.#queue.set({ state }, books.events[state])
    this.#oldest.set(books.oldestPendingAt === undefined ? 0 : Math.max(0, now - books.oldestPendingAt) / 1000)
    this.#failedKept.set(books.events.failed)
    this.#rejectedKept.set(books.rejected)
    this.#storeBytes.set(bytes)
    this.#storeLimit.set(maxBytes ?? 0)
    const current = sender?.health.state ?? books.endpoint?.state ?? 'ok'
    for (const state of ENDPOINT_STATES) this.#endpoint.set({ state }, state === current ? 1 : 0)
  }

  #counter<T extends string>(name: string, help: string, labelNames: T[] = []): Counter<T> {
    return new Counter({ name: `dopt_${name}`, help, labelNames, registers: [this.#registry] })
  }

  #gauge<T extends string>(name: string, help: string, labelNames: T[] = []): Gauge<T> {
    return new Gauge({ name: `dopt_${name}`, help, labelNames, registers: [this.#registry] })
  }

  #histogram(name: string, help: string): Histogram {
    return new Histogram({ name: `dopt_${name}`, help, buckets: SECONDS, registers: [this.#registry] })
  }
}
