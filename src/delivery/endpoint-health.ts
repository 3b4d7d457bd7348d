import { isAborted, type CallResult } from '../dopt/call-result.js'
import type { EndpointRecord, EndpointState } from '../store/store.js'
import { loggableCode } from './loggable-code.js'
import { backoffMs, type BackoffOptions } from './retry-policy.js'

export interface EndpointHealthOptions {
  concurrency: number
  backoff: BackoffOptions
  /** How long to wait between probes of a refused key. */
  keyProbeMs: number
  now: () => number
  random: () => number
  onChange?: (record: EndpointRecord) => void
}

/** Failures in a row, with no success between them, after which the endpoint and not the batch is held to be the trouble. */
const FAILURES_TO_BACK_OFF = 3

/**
 * The endpoint's health: one thing for all batches, which says how many calls may be in flight.
 *
 * **ok**: up to `limit` calls at a time. `limit` is at most `concurrency`; a 429 halves it, and as many successes as
 * it is high raise it by one, so that recovery ramps up. Leaves for *backing-off* at the third failure in a row, or at once when an
 * answer names a `Retry-After`; for *key-refused* at a 401 or 403.
 *
 * **backing-off**: one call at a time, a probe, when its time has come and no other call is in flight; a failed probe
 * moves the next one further away, and a success leads to *ok* with `limit` 1. What comes of calls that were in flight
 * before does neither.
 *
 * **key-refused**: no calls. The sender asks whether the key is accepted when `nextProbeAt` has come; when it is, *ok*
 * with `limit` 1.
 */
export class EndpointHealth {
  #state: EndpointState = 'ok'
  #since: number
  #lastTrouble: CallResult | undefined
  #limit: number
  #failuresInARow = 0
  #failedProbes = 0
  #nextProbeAt = 0

  constructor(private readonly options: EndpointHealthOptions) {
    this.#limit = options.concurrency
    this.#since = options.now()
  }

  get state(): EndpointState {
    return this.#state
  }

  /** When a probe may go out; undefined while ok. */
  get nextProbeAt(): number | undefined {
    return this.#state === 'ok' ? undefined : this.#nextProbeAt
  }

  get record(): EndpointRecord {
    return { state: this.#state, since: this.#since, lastError: this.#lastError, nextProbeAt: this.nextProbeAt }
  }

  /**
   * What the trouble was. Of Dopt's words only the code is kept once it is over: they may repeat what was sent, and
   * whoever that was may be forgotten by then.
   */
  get #lastError(): string | undefined {
    if (this.#lastTrouble === undefined) return undefined
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

  /** Begins with one call at a time: earlier trouble left batches waiting, and whether it is over is not known. */
  startCarefully(): void {
    this.#limit = 1
  }

  /** The clock was set back: a probe may go out now, and what comes of it counts. */
  waitNoLonger(): void {
    const now = this.options.now()
    this.#nextProbeAt = Math.min(this.#nextProbeAt, now)
    this.#since = Math.min(this.#since, now)
  }

  /** Takes note of a call's result; `startedAt` tells a probe from a call that was in flight before the trouble. */
  take(result: CallResult, startedAt: number): void {
    if (isAborted(result)) return
    switch (result.outcome) {
      case 'delivered':
      case 'split':
      case 'reject':
        // Whatever it said of the users, it is there and it answers.
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
    // In flight when the trouble began: it knows nothing of it.
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
    this.#nextProbeAt = this.options.now() + this.options.keyProbeMs
    this.#enter('key-refused', result)
  }

  #fail(result: CallResult, startedAt: number): void {
    if (this.#state === 'key-refused') {
      if (startedAt >= this.#nextProbeAt) this.#probeLater(result, this.options.keyProbeMs)
      return
    }
    if (this.#state === 'backing-off' && startedAt < this.#since) return
    this.#failuresInARow++
    if (result.status === 429) this.#limit = Math.max(1, Math.floor(this.#limit / 2))
    const isProbe = this.#state === 'backing-off'
    if (!isProbe && this.#failuresInARow < FAILURES_TO_BACK_OFF && result.retryAfterMs === undefined) return
    this.#probeLater(result)
    this.#enter('backing-off', result)
  }

  #probeLater({ retryAfterMs }: CallResult, minimumMs = 0): void {
    this.#failedProbes++
    const { backoff, random, now } = this.options
    this.#nextProbeAt = now() + Math.max(minimumMs, backoffMs(this.#failedProbes, backoff, random(), retryAfterMs))
  }

  /** The one place where the state changes. */
  #enter(state: EndpointState, cause?: CallResult): void {
    if (state !== this.#state) this.#since = this.options.now()
    this.#state = state
    if (cause !== undefined) this.#lastTrouble = cause
    this.options.onChange?.(this.record)
  }
}
