import { isAborted, type CallResult } from '../dopt/call-result.js'
import type { EndpointRecord, EndpointState } from '../store/store.js'
import { loggableCode } from './loggable-code.js'
import { backoffMs, type BackoffOptions } from './retry-policy.js'

export interface EndpointHealthOptions {
  concurrency: number
  backoff: BackoffOptions
  /** Pause between checks of whether a refused key is accepted again. */
  keyProbeMs: number
  now: () => number
  random: () => number
  onChange?: (record: EndpointRecord) => void
}

/**
 * After this many consecutive failures, the endpoint is considered the cause, not the batch.
 */
const FAILURES_TO_BACK_OFF = 3

/**
 * The endpoint's health, shared by all batches. It limits how many calls may be in flight.
 *
 * **ok**: up to `limit` calls at a time. `limit` is at most `concurrency`; a 429 halves it, and `limit` successes raise
 * it by one, so that recovery is gradual. Changes to *backing-off* at the third consecutive failure, or at once if an
 * answer has a `Retry-After`; to *key-refused* at a 401 or 403.
 *
 * **backing-off**: one call at a time, a probe, when it is due and no other call is in flight. A failed probe delays
 * the next one further; a success changes to *ok* with `limit` 1. Results of calls that were in flight before have no
 * effect, except that no probe is sent before the end of any `Retry-After`.
 *
 * **key-refused**: no calls. At `nextProbeAt`, the sender checks whether the key is accepted; if so, *ok* with `limit`
 * 1.
 */
export class EndpointHealth {
  #state: EndpointState = 'ok'
  #since: number
  #lastTrouble: CallResult | undefined
  #lastErrorOfEarlierRun: string | undefined
  #limit: number
  #failuresInARow = 0
  #failedProbes = 0
  #nextProbeAt = 0
  /** When the last `Retry-After` ends. */
  #retryAfter = 0

  constructor(private readonly options: EndpointHealthOptions) {
    this.#limit = options.concurrency
    this.#since = options.now()
  }

  get state(): EndpointState {
    return this.#state
  }

  /** When a probe may be sent; undefined while ok. */
  get nextProbeAt(): number | undefined {
    return this.#state === 'ok' ? undefined : this.#nextProbeAt
  }

  get isKeyCheckDue(): boolean {
    return this.#state === 'key-refused' && this.options.now() >= this.#nextProbeAt
  }

  get record(): EndpointRecord {
    return { state: this.#state, since: this.#since, lastError: this.#lastError, nextProbeAt: this.nextProbeAt }
  }

  /** The last trouble, as it may be logged. */
  get trouble(): Pick<CallResult, 'status' | 'code'> {
    return { status: this.#lastTrouble?.status, code: loggableCode(this.#lastTrouble?.code) }
  }

  /**
   * The last error. Once it is over, only Dopt's code is kept, not its message: that may repeat values of a user who
   * has been forgotten since.
   */
  get #lastError(): string | undefined {
    if (this.#lastTrouble === undefined) return this.#state === 'ok' ? undefined : this.#lastErrorOfEarlierRun
    const { status, code, message } = this.#lastTrouble
    const parts = this.#state === 'ok' && status !== undefined ? [status, loggableCode(code)] : [status, code, message]
    return parts.filter(Boolean).join(' ')
  }

  /** How many more calls may start now. */
  slots(inFlight: number): number {
    if (this.#state === 'key-refused') return 0
    if (this.#state === 'backing-off') return inFlight === 0 && this.options.now() >= this.#nextProbeAt ? 1 : 0
    return Math.max(0, Math.floor(this.#limit) - inFlight)
  }

  /**
   * Starts carefully, because batches of an earlier run are waiting: with one call at a time, and in *backing-off* if that
   * run ended in it, with a probe due now. A start does not end an outage.
   */
  resume(earlier: EndpointRecord | undefined): void {
    this.#limit = 1
    if (earlier?.state !== 'backing-off') return
    const now = this.options.now()
    this.#state = 'backing-off'
    this.#since = Math.min(earlier.since, now)
    this.#nextProbeAt = now
    this.#lastErrorOfEarlierRun = earlier.lastError
  }

  /** The clock was set back: a probe may be sent now, and its result counts. */
  waitNoLonger(): void {
    const now = this.options.now()
    this.#nextProbeAt = Math.min(this.#nextProbeAt, now)
    this.#retryAfter = Math.min(this.#retryAfter, now)
    this.#since = Math.min(this.#since, now)
  }

  /**
   * Records a call's result. `startedAt` distinguishes a probe from a call that was in flight before the trouble began.
   */
  take(result: CallResult, startedAt: number): void {
    if (isAborted(result)) return
    switch (result.outcome) {
      case 'delivered':
      case 'split':
      case 'reject':
        // Whatever the answer says about the users, the endpoint works.
        this.#succeed(startedAt)
        return
      case 'pause':
        this.#refuseKey(result)
        return
      case 'retry':
      case 'misdirected':
        this.#fail(result, startedAt)
    }
  }

  #succeed(startedAt: number): void {
    // It was in flight when the trouble began: it does not show that the trouble is over.
    if (this.#state !== 'ok' && startedAt < this.#since) return
    this.#failuresInARow = 0
    this.#failedProbes = 0
    if (this.#state === 'ok') {
      this.#limit = Math.min(this.options.concurrency, this.#limit + 1 / Math.floor(this.#limit))
    } else {
      this.#limit = 1
      this.#enter('ok')
    }
  }

  #refuseKey(result: CallResult): void {
    this.#nextProbeAt = Math.max(this.options.now() + this.options.keyProbeMs, this.#retryAfter)
    this.#enter('key-refused', result)
  }

  #fail(result: CallResult, startedAt: number): void {
    this.#retryAfter = Math.max(this.#retryAfter, this.options.now() + (result.retryAfterMs ?? 0))
    if (this.#state !== 'ok' && startedAt < this.#probesSince) {
      if (this.#retryAfter > this.#nextProbeAt) {
        this.#nextProbeAt = this.#retryAfter
        this.options.onChange?.(this.record)
      }
      return
    }
    if (this.#state === 'key-refused') {
      this.#probeLater(this.options.keyProbeMs)
      return
    }
    this.#failuresInARow++
    if (result.status === 429) this.#limit = Math.max(1, Math.floor(this.#limit / 2))
    const isProbe = this.#state === 'backing-off'
    if (!isProbe && this.#failuresInARow < FAILURES_TO_BACK_OFF && result.retryAfterMs === undefined) return
    this.#probeLater()
    this.#enter('backing-off', result)
  }

  /** Calls that started earlier are no probes: they were in flight when the trouble began. */
  get #probesSince(): number {
    return this.#state === 'key-refused' ? this.#nextProbeAt : this.#since
  }

  #probeLater(minimumMs = 0): void {
    this.#failedProbes++
    const { backoff, random, now } = this.options
    const wait = Math.max(minimumMs, backoffMs(this.#failedProbes, backoff, random()))
    this.#nextProbeAt = Math.max(now() + wait, this.#retryAfter)
  }

  /** The only place where the state changes. */
  #enter(state: EndpointState, cause?: CallResult): void {
    if (state !== this.#state) this.#since = this.options.now()
    this.#state = state
    if (cause !== undefined) this.#lastTrouble = cause
    this.options.onChange?.(this.record)
  }
}
