import { setMaxListeners } from 'node:events'
import type { CallResult } from '../dopt/call-result.js'
import type { DoptClient } from '../dopt/client.js'
import { StoreError } from '../store/errors.js'
import type { OpenBatch, Settlement, Store } from '../store/store.js'
import { BatchSource, LOOK_AROUND_MS, type BatchSourceOptions, type NextBatch } from './batch-source.js'
import { sleep, type Clock } from './clock.js'
import { decide } from './decide.js'
import { EndpointHealth } from './endpoint-health.js'
import { CallRate } from './call-rate.js'
import { logCall, logEndpoint } from './log-call.js'
import type { Logger } from './logger.js'
import { makeCall } from './make-call.js'
import { Recorder, STORE_RETRY_MS } from './recorder.js'
import type { BackoffOptions } from './retry-policy.js'
import { Suspects } from './suspects.js'
import type { SenderTotals } from './totals.js'

export interface SenderOptions extends BatchSourceOptions {
  /** Maximum number of calls in flight. */
  concurrency: number
  retryWindowMs: number
  backoff: BackoffOptions
  keyProbeMs: number
  maxCallsPerSecond?: number | undefined
}

/** The clock counts as set back if it goes back by more than this: small corrections are normal. */
const SET_BACK_MS = 1000

/**
 * Takes batches from the store, sends them, and records their results. It has no queue of its own: the store decides
 * what is sent next, so that a crash loses nothing and memory does not grow.
 */
export class Sender {
  readonly health: EndpointHealth
  /** Called after every call that sent users or a group, with what its result means for the batch. Must not throw. */
  onCall: ((result: CallResult, settlement: Settlement) => void) | undefined
  readonly #recorder: Recorder
  readonly #rate: CallRate
  readonly #suspects = new Suspects()
  readonly #batches
  readonly #calls = new Set<Promise<void>>()
  #inFlight = 0
  #draining = 0
  #storeRestsUntil = 0
  #lastPassAt = 0
  #pumping: Promise<void> | undefined
  #pumpAgain = false
  #stopped = false
  #cancelTimer: (() => void) | undefined
  readonly #abort = new AbortController()

  constructor(
    private readonly store: Store,
    private readonly client: DoptClient,
    private readonly options: SenderOptions,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly random: () => number = Math.random
  ) {
    // Every call in flight listens to it; above ten listeners, Node would warn of a leak.
    setMaxListeners(0, this.#abort.signal)
    this.#recorder = new Recorder(store, clock, logger)
    this.#rate = new CallRate(options.maxCallsPerSecond)
    this.#batches = new BatchSource(store, options, clock, logger, (settled) => this.#recorder.move(settled))
    this.health = new EndpointHealth({
      ...options,
      now: () => clock.now(),
      random,
      onChange: (record) => {
        logEndpoint(this.logger, record.state, this.health.trouble)
        // The next change, or the next start, saves it again.
        this.store.saveEndpoint(record).catch(() => undefined)
      }
    })
  }

  /** When an event last reached a final state. */
  get lastMovedAt(): number {
    return this.#recorder.lastMovedAt
  }

  get isStopped(): boolean {
    return this.#stopped
  }

  get totals(): SenderTotals {
    return this.#recorder.totals
  }

  /** Becomes the store's sender. Rejects with StoreError `in-use` if there is another one. */
  async start(): Promise<void> {
    const now = this.clock.now()
    const { waiting, endpoint } = await this.store.resume(now)
    if (waiting > 0) {
      this.#batches.waits(now)
      this.health.resume(endpoint)
    }
    await this.store.saveEndpoint(this.health.record)
    this.wake()
  }

  /** Tells the sender that there may be something to send: only these new events, each of one user, or anything. */
  wake(newEvents?: number): void {
    this.#batches.changed(newEvents)
    void this.#pump()
  }

  /**
   * Checks with a call that changes nothing whether the key is accepted: without events, nothing else would show that it
   * is not. While all is well, other results are left to calls with users.
   */
  async checkKey(): Promise<void> {
    const startedAt = this.clock.now()
    const result = await this.client.checkKey(this.#abort.signal)
    if (result.outcome === 'pause' || this.health.state !== 'ok') this.health.take(result, startedAt)
  }

  /** Resolves when everything that is due has been attempted; does not wait for batches to fill up. */
  async drain(): Promise<void> {
    this.#draining++
    try {
      for (;;) {
        await this.#pump()
        const untilRate = this.#rate.waitMs(this.clock.now())
        if (this.#stopped) return
        if (this.#calls.size > 0) await Promise.race(this.#calls)
        else if (untilRate > 0) await sleep(this.clock, untilRate, this.#abort.signal)
        else return
      }
    } finally {
      this.#draining--
    }
  }

  /** Starts no call but for a batch that is being formed. Aborts calls after `deadlineMs`: they are sent again later. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopped = true
    this.#cancelTimer?.()
    const cancel = this.clock.schedule(() => this.#abort.abort(), deadlineMs)
    await this.#pumping
    await Promise.all(this.#calls)
    cancel()
  }

  /** Runs one pass at a time; if called during a pass, another one follows it. */
  async #pump(): Promise<void> {
    if (this.#pumping === undefined) this.#pumping = this.#passes()
    else this.#pumpAgain = true
    return this.#pumping
  }

  async #passes(): Promise<void> {
    do {
      this.#pumpAgain = false
      try {
        await this.#pass()
      } catch (error) {
        if (!this.#stopped) this.#pauseForStore(error)
      }
    } while (this.#pumpAgain && !this.#stopped)
    // In the same turn as the check above: from now on, `wake` starts a new pass.
    this.#pumping = undefined
    this.#setTimer()
  }

  async #pass(): Promise<void> {
    if (this.clock.now() < this.#lastPassAt - SET_BACK_MS) await this.#waitNoLonger()
    this.#lastPassAt = this.clock.now()
    if (this.#stopped || this.clock.now() < this.#storeRestsUntil) return
    if (this.health.isKeyCheckDue) await this.checkKey()
    while (!this.#stopped && this.health.slots(this.#inFlight) > 0 && this.#rate.waitMs(this.clock.now()) === 0) {
      const isProbe = this.health.state !== 'ok'
      const next = await this.#batches.next(isProbe, this.#draining > 0)
      // With nothing left to send, no other call would show that an outage is over.
      if (next === undefined && isProbe && this.#batches.flushAt === undefined) await this.checkKey()
      if (next === undefined) return
      this.#launch(next)
    }
  }

  /** The clock was set back: makes everything that waits for a time due now, as the wait may now be much longer. */
  async #waitNoLonger(): Promise<void> {
    const now = this.clock.now()
    this.#storeRestsUntil = 0
    this.health.waitNoLonger()
    await this.store.makeDue(now)
    this.#batches.waits(now)
  }

  #launch({ batch, refusal }: NextBatch): void {
    const call = (refusal === undefined ? this.#send(batch) : this.#refuse(batch, refusal)).finally(() => {
      this.#calls.delete(call)
      this.wake()
    })
    this.#calls.add(call)
  }

  async #send(batch: OpenBatch): Promise<void> {
    const startedAt = this.clock.now()
    this.#inFlight++
    this.#rate.take(startedAt)
    this.#recorder.totals.calls++
    const result = await makeCall(this.client, batch, this.#abort.signal)
    this.#inFlight--
    this.health.take(result, startedAt)
    const isSuspect = this.#suspects.take(batch, result)
    const settlement = decide(batch, result, this.options, this.clock.now(), this.random(), isSuspect)
    this.onCall?.(result, settlement)
    logCall(this.logger, batch, result, settlement)
    // The slot is already free: the next call is sent while this result is being recorded.
    this.wake()
    await this.#settle(batch, settlement)
  }

  async #refuse(batch: OpenBatch, settlement: Settlement): Promise<void> {
    this.logger.warn({ batch: batch.id, code: settlement.call.code }, `batch ${settlement.to}`)
    await this.#settle(batch, settlement)
  }

  async #settle(batch: OpenBatch, settlement: Settlement): Promise<void> {
    if (!(await this.#recorder.settle(batch, settlement, () => this.#stopped))) return
    if (settlement.to === 'split') this.#batches.waits(settlement.call.at)
    if (settlement.to === 'retrying') this.#batches.waits(settlement.nextAttemptAt)
  }

  #pauseForStore(error: unknown): void {
    const code = error instanceof StoreError ? error.code : undefined
    this.logger.error({ code }, error instanceof Error ? error.message : 'the store failed')
    // The store does not recover: the process must be restarted.
    if (code === 'gone') this.#stopped = true
    this.#storeRestsUntil = this.clock.now() + STORE_RETRY_MS
  }

  /** Wakes the sender when a batch or a probe is due or events have waited long enough, and now and then anyway. */
  #setTimer(): void {
    this.#cancelTimer?.()
    if (this.#stopped) return
    const now = this.clock.now()
    const { flushAt, retryAt } = this.#batches
    const times = [flushAt, this.health.nextProbeAt ?? retryAt, now + this.#rate.waitMs(now), this.#storeRestsUntil]
    // Anything due that could not start waits for a call in flight, which wakes the sender when it ends.
    const later = times.filter((time) => time !== undefined && time > now).map(Number)
    const waitMs = Math.min(LOOK_AROUND_MS, ...later.map((time) => time - now))
    this.#cancelTimer = this.clock.schedule(() => this.wake(), waitMs)
  }
}
