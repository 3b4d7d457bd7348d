import { StoreError } from '../store/errors.js'
import type { OpenBatch, SettledEvents, Settlement, Store } from '../store/store.js'
import { sleep, type Clock } from './clock.js'
import type { Logger } from './logger.js'
import { noTotals, type SenderTotals } from './totals.js'

/** How long to wait before asking again a store that is full or locked. */
export const STORE_RETRY_MS = 500

/** Writes down what became of batches, and counts it. */
export class Recorder {
  readonly totals: SenderTotals = noTotals()
  /** When something was last settled for good. */
  lastMovedAt: number

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly logger: Logger
  ) {
    this.lastMovedAt = clock.now()
  }

  /**
   * Writes a settlement down, however long the store cannot take it. Resolves to false when it could not be written: the
   * batch is simply sent again, after a restart at the latest. `isOver` tells when there is no time left to try again.
   */
  async settle(batch: OpenBatch, settlement: Settlement, isOver: () => boolean): Promise<boolean> {
    for (;;) {
      try {
        this.#count(batch, settlement, await this.store.settle(batch.id, settlement))
        return true
      } catch (error) {
        if (!(error instanceof StoreError && error.isPassing) || isOver()) {
          const code = error instanceof StoreError ? error.code : undefined
          this.logger.error({ batch: batch.id, code }, 'could not record the result: the batch will be sent again')
          return false
        }
        await sleep(this.clock, STORE_RETRY_MS)
      }
    }
  }

  /** Events have got to where they stay. */
  move(settled: Partial<SettledEvents>): void {
    this.totals.delivered += settled.delivered ?? 0
    this.totals.superseded += settled.superseded ?? 0
    this.totals.failed += settled.failed ?? 0
    this.lastMovedAt = this.clock.now()
  }

  #count({ subject, entries }: OpenBatch, { to }: Settlement, settled: SettledEvents): void {
    if (to === 'delivered') this.totals[`${subject}s`] += entries.length
    if (to !== 'retrying') this.move(settled)
  }
}
