import { StoreError } from '../store/errors.js'
import type { OpenBatch, SettledEvents, Settlement, Store } from '../store/store.js'
import { sleep, type Clock } from './clock.js'
import type { Logger } from './logger.js'
import { noTotals, type SenderTotals } from './totals.js'

/** How long to wait before retrying a store that is full or locked. */
export const STORE_RETRY_MS = 500

/** Records the results of batches, and counts them. */
export class Recorder {
  readonly totals: SenderTotals = noTotals()
  /** When an event last reached a final state. */
  lastMovedAt: number

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly logger: Logger
  ) {
    this.lastMovedAt = clock.now()
  }

  /**
   * Records a settlement, retrying for as long as the store is full or locked. Resolves to false if it could not be
   * recorded: the batch is then sent again, at the latest after a restart. `isOver` tells whether to stop retrying.
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

  /** Counts events that reached a final state. */
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
