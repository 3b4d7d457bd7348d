import type { Api } from '../destination/dopt-api.js'
import type { FormOptions, FormResult, OpenBatch, SettledEvents, Store } from '../store/store.js'
import type { Clock } from './clock.js'
import type { Logger } from './logger.js'

export interface BatchSourceOptions {
  api: Api
  /** Users a call, at most. */
  batchSize: number
  maxBodyBytes: number
  /** How long an event may wait for others to fill its batch. */
  flushIntervalMs: number
}

/** Full batches alone; or those whose events have waited long enough, too; or any. */
type Which = 'full' | 'due' | 'any'

/**
 * Which batch goes out next. What there is, the store knows; this remembers when to ask it again, and holds a few batches that
 * are ready to go out the moment a call ends: until the store has formed one, it may have to take in thousands of events.
 */
export class BatchSource {
  readonly #ahead: OpenBatch[] = []
  #probedWithWaiting = false
  #retryAt: number | undefined
  #flushAt: number | undefined

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

  /** A batch waits, due at this time. */
  waits(until: number): void {
    this.#retryAt = Math.min(this.#retryAt ?? Infinity, until)
  }

  /** A batch that is ready, if there is one. */
  takeAhead(): OpenBatch | undefined {
    return this.#ahead.shift()
  }

  /** Makes more batches ready, up to `most`: one that is due, or full ones. False when there is no more to do. */
  async getAhead(most: number): Promise<boolean> {
    const wanted = most - this.#ahead.length
    if (wanted <= 0) return false
    const due = await this.#claim(false)
    if (due !== undefined) {
      this.#ahead.push(due)
      return true
    }
    const results = await this.store.formBatches(this.#formOptions('full'), wanted)
    this.#ahead.push(...results.flatMap((result) => this.#take(result) ?? []))
    return results[0]?.kind === 'formed'
  }

  /** A batch that cannot go out now although it was asked for: it is the first of those that are ready. */
  keep(batch: OpenBatch): void {
    this.#ahead.unshift(batch)
  }

  /** What is ready does not go out now: the store has it back. Rejects with StoreError. */
  async giveBack(): Promise<void> {
    // Each is taken out first: while the store is asked, the endpoint may recover, and what is ready goes out.
    for (let batch = this.takeAhead(); batch !== undefined; batch = this.takeAhead()) {
      const now = this.clock.now()
      try {
        await this.store.giveBack(batch.id, now)
      } catch (error) {
        this.keep(batch)
        throw error
      }
      this.waits(now)
    }
  }

  /**
   * The next batch to send. One that waits goes first when it is due, and any that waits will do as a probe; but after a
   * probe with a batch that waited, the next is a new one: a batch that Dopt breaks on must not pass for an outage.
   *
   * @param isDraining do not wait for batches to fill up
   */
  async next(isProbe: boolean, isDraining: boolean): Promise<OpenBatch | undefined> {
    const which = isDraining ? 'any' : 'due'
    const newFirst = isProbe && this.#probedWithWaiting
    const first = newFirst ? await this.#form(which) : await this.#claim(isProbe)
    const batch = first ?? (newFirst ? await this.#claim(isProbe) : await this.#form(which))
    this.#probedWithWaiting = isProbe && batch !== undefined && (first !== undefined) !== newFirst
    return batch
  }

  async #claim(isProbe: boolean): Promise<OpenBatch | undefined> {
    const now = this.clock.now()
    if (this.#retryAt === undefined || (this.#retryAt > now && !isProbe)) return undefined
    const batch = await this.store.claimRetry(isProbe ? Number.MAX_SAFE_INTEGER : now, now)
    this.#retryAt = await this.store.nextRetryAt()
    return batch
  }

  async #form(which: 'due' | 'any'): Promise<OpenBatch | undefined> {
    for (;;) {
      const formed = await this.store.formBatch(this.#formOptions(which))
      this.#flushAt = formed.kind === 'waiting' ? formed.until : undefined
      const batch = this.#take(formed)
      if (batch !== undefined || formed.kind === 'waiting' || formed.kind === 'nothing') return batch
    }
  }

  /** Notes what forming a batch has settled. */
  #take(formed: FormResult): OpenBatch | undefined {
    switch (formed.kind) {
      case 'formed':
        if (formed.superseded > 0) this.onSettled({ superseded: formed.superseded })
        return formed.batch
      case 'too-large':
        this.logger.warn({ batch: formed.batchId }, 'a user or group is larger than a call may be: not sent')
        this.onSettled({ failed: formed.events })
        return undefined
      case 'superseded':
        this.onSettled({ superseded: formed.events })
        return undefined
      case 'waiting':
      case 'nothing':
        return undefined
    }
  }

  #formOptions(which: Which): FormOptions {
    const { api, batchSize, maxBodyBytes, flushIntervalMs } = this.options
    const now = this.clock.now()
    return {
      now,
      maxUsers: batchSize,
      api,
      // A body is one byte longer than its entries: they bring their commas, and it has two brackets.
      maxBodyBytes: maxBodyBytes - 1,
      flushBefore: { full: -1, due: now - flushIntervalMs, any: Number.MAX_SAFE_INTEGER }[which]
    }
  }
}
