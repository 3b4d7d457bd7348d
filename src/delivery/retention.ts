import type { Store } from '../store/store.js'
import { sleep, type Clock } from './clock.js'
import type { Logger } from './logger.js'

export interface RetentionOptions {
  /** How long delivered and superseded events are kept. */
  retentionMs: number
}

/** How often to look for events that are old enough. */
const ROUND_MS = 5000
/** How often to look whether space is running out: at the limit, nothing is accepted until some is made. */
const LOOK_MS = 250
/** Above this share of the store's limit, delivered events are removed early. */
const TIGHT = 0.9

/** Pause between the short commits of a round, to let traffic go first. */
const STEP_PAUSE_MS = 20

/**
 * Removes delivered events that are old enough, in small steps between traffic. When the store nears its limit, it
 * removes the oldest early, so that events that Dopt already has do not keep out new ones.
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

  /** If the store nears its limit, removes delivered events now: a caller waits for room. */
  async makeRoom(): Promise<void> {
    if (await this.#isTight()) await this.#remove(this.#stop.signal)
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        await this.#untilNextRound(signal)
        await this.#round(signal)
      } catch (error) {
        // The store is locked or full: the next round tries again.
        this.logger.warn({}, error instanceof Error ? `retention: ${error.message}` : 'retention failed')
        await sleep(this.clock, ROUND_MS, signal)
      }
    }
  }

  /** Ends early when space is running out. */
  async #untilNextRound(signal: AbortSignal): Promise<void> {
    const { maxBytes } = await this.store.usage()
    const step = maxBytes === undefined ? ROUND_MS : LOOK_MS
    for (let waited = 0; waited < ROUND_MS && !signal.aborted; waited += step) {
      await sleep(this.clock, step, signal)
      if (maxBytes !== undefined && !signal.aborted && (await this.#isTight())) return
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
      // + 1: includes events settled in this very millisecond.
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
