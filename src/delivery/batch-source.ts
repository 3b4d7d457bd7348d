import type { Api } from '../destination/dopt-api.js'
import type { FormOptions, OpenBatch, SettledEvents, Settlement, Store } from '../store/store.js'
import type { Clock } from './clock.js'
import type { Logger } from './logger.js'
import { refuseGroups } from './refuse-groups.js'
import { refuseLarge } from './refuse-large.js'

export interface BatchSourceOptions {
  api: Api
  /** Maximum number of users per call. */
  batchSize: number
  maxBodyBytes: number
  /** How long an event may wait for others to fill its batch. */
  flushIntervalMs: number
}

export interface NextBatch {
  batch: OpenBatch
  /** How to settle the batch if it cannot be sent as it is. */
  refusal: Settlement | undefined
}

/** How often to look for work that another process stored. */
export const LOOK_AROUND_MS = 1000

/** Chooses the next batch. The store knows what there is; this class only remembers when to ask it again. */
export class BatchSource {
  #probedWithWaiting = false
  #retryAt: number | undefined
  #flushAt: number | undefined
  /** Users that the next batch lacked when the store was last asked. */
  #lacking = 0
  /** New events since the store was last asked. */
  #arrived = 0
  #askedAt = 0

  constructor(
    private readonly store: Store,
    private readonly options: BatchSourceOptions,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly onSettled: (settled: Partial<SettledEvents>) => void
  ) {}

  /** When the first waiting batch is due. */
  get retryAt(): number | undefined {
    return this.#retryAt
  }

  /** When events have waited long enough for others to fill their batch. */
  get flushAt(): number | undefined {
    return this.#flushAt
  }

  /** Notes that there are new events; without a number, that anything may have changed. */
  changed(newEvents = Infinity): void {
    this.#arrived += newEvents
  }

  /** Notes that a batch is waiting, due at this time. */
  waits(until: number): void {
    this.#retryAt = Math.min(this.#retryAt ?? Infinity, until)
  }

  /**
   * The next batch to send. A waiting batch goes first when it is due, and any waiting batch can be a probe. But after
   * a probe with a waiting batch, the next probe is a new batch: one batch that breaks Dopt must not look like an
   * outage.
   *
   * @param isDraining do not wait for batches to fill up
   */
  async next(isProbe: boolean, isDraining: boolean): Promise<NextBatch | undefined> {
    const newFirst = isProbe && this.#probedWithWaiting
    const first = newFirst ? await this.#form(isDraining) : await this.#claim(isProbe)
    const batch = first ?? (newFirst ? await this.#claim(isProbe) : await this.#form(isDraining))
    if (batch === undefined) {
      this.#probedWithWaiting = false
      return undefined
    }
    const isWaiting = (first !== undefined) !== newFirst
    this.#probedWithWaiting = isProbe && isWaiting
    return { batch, refusal: this.#refuse(batch, isWaiting) }
  }

  /** A new batch fits the limits; a waiting one may be from an earlier run that had other limits. */
  #refuse(batch: OpenBatch, isWaiting: boolean): Settlement | undefined {
    const now = this.clock.now()
    return refuseGroups(batch, this.options.api, now) ?? (isWaiting ? refuseLarge(batch, this.options, now) : undefined)
  }

  async #claim(isProbe: boolean): Promise<OpenBatch | undefined> {
    const now = this.clock.now()
    if (this.#retryAt === undefined || (this.#retryAt > now && !isProbe)) return undefined
    const batch = await this.store.claimRetry(isProbe ? Number.MAX_SAFE_INTEGER : now, now)
    // The claimed batch is sent even if this query fails; it is repeated later.
    this.#retryAt = await this.store.nextRetryAt().catch(() => now)
    return batch
  }

  async #form(isDraining: boolean): Promise<OpenBatch | undefined> {
    if (!isDraining && this.#cannotBeDue()) return undefined
    let isDue = isDraining
    for (;;) {
      const options = this.#formOptions(isDue)
      // Before the store is asked: events that arrive meanwhile may not be in its answer.
      this.#arrived = 0
      this.#askedAt = options.now
      const formed = await this.store.formBatch(options)
      this.#flushAt = formed.kind === 'waiting' ? formed.until : undefined
      this.#lacking = formed.kind === 'waiting' ? formed.lacking : 0
      switch (formed.kind) {
        case 'formed':
          if (formed.superseded > 0) this.onSettled({ superseded: formed.superseded })
          return formed.batch
        case 'too-large':
          this.logger.warn({ batch: formed.batchId }, 'a user or group is too large for a call: not sent')
          this.onSettled({ failed: formed.events })
          break
        case 'superseded':
          this.onSettled({ superseded: formed.events })
          break
        case 'waiting':
          if (formed.until <= options.now + this.options.flushIntervalMs) return undefined
          // They arrived later than now: the clock was set back, so how long they have waited is unknown.
          isDue = true
          break
        case 'nothing':
          return undefined
      }
    }
  }

  /**
   * Each event brings one user at most. While few arrive at a time, this saves most of the questions to the store. But
   * another process may have stored more, and with a clock that was set back nothing is known.
   */
  #cannotBeDue(): boolean {
    const now = this.clock.now()
    const isRecent = now >= this.#askedAt && now - this.#askedAt < LOOK_AROUND_MS
    return this.#arrived < this.#lacking && isRecent && (this.#flushAt ?? 0) > now
  }

  #formOptions(isDue: boolean): FormOptions {
    const { api, batchSize, maxBodyBytes, flushIntervalMs } = this.options
    const now = this.clock.now()
    return {
      now,
      maxUsers: batchSize,
      api,
      maxBodyBytes,
      flushBefore: isDue ? Number.MAX_SAFE_INTEGER : now - flushIntervalMs
    }
  }
}
