import type { Store } from '../store/store.js'
import { sleep, type Clock } from './clock.js'
import type { Logger } from './logger.js'

export interface RetentionOptions {
  /** Delivered events are removed this long after they were settled. */
  retentionMs: number
}

/** How often to look for what is old enough, and whether space is running out. */
const ROUND_MS = 5000
/** Above this part of the store's limit delivered events are removed before their time. */
const TIGHT = 0.9

/** Traffic goes first: a pause between the short commits of a round. */
const STEP_PAUSE_MS = 20

/**
 * Removes delivered events when they are old enough, in small steps beside the traffic; when the store nears its limit,
 * the oldest go before their time, so that what Dopt has already does not keep out what it has not.
 */
export class Retention {
  readonly #stop = new AbortController()
  #running: Promise<void> | undefined

  constructor(
    private readonly store: Store,
    private readonly options: RetentionOptions,
    private readonly clock: Clock,
    private readonly logger: Logger
  ) {}

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  /** Where the store nears its limit, removes what is delivered, now: somebody waits for room. */
  async makeRoom(): Promise<void> {
    if (await this.#isTight()) await this.#remove(this.#stop.signal)
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      await sleep(this.clock, ROUND_MS, signal)
      if (signal.aborted) return
      try {
        await this.#round(signal)
      } catch (error) {
        // A locked or full store: the next round tries again, and nothing depends on when.
        this.logger.warn({}, error instanceof Error ? `retention: ${error.message}` : 'retention failed')
      }
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    const total = await this.#remove(signal)
    while (total > 0 && !signal.aborted && (await this.store.reclaimStep()))
      await sleep(this.clock, STEP_PAUSE_MS, signal)
  }

  /** Resolves to how many events were removed. */
  async #remove(signal: AbortSignal): Promise<number> {
    const now = this.clock.now()
    let total = 0
    while (!signal.aborted) {
      // What was settled in this very millisecond is delivered, too.
      const deliveredBefore = (await this.#isTight()) ? now + 1 : now - this.options.retentionMs
      const step = await this.store.pruneStep({ deliveredBefore })
      total += step.removed
      if (!step.more) break
      await sleep(this.clock, STEP_PAUSE_MS, signal)
    }
    if (total > 0) this.logger.info({ events: total }, 'removed delivered events')
    return total
  }

  async #isTight(): Promise<boolean> {
    const { bytes, maxBytes } = await this.store.usage()
    return maxBytes !== undefined && bytes > TIGHT * maxBytes
  }
}
