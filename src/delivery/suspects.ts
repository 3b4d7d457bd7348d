import type { CallResult } from '../dopt/call-result.js'

/** Failures "while others pass" after which a batch, and not the endpoint, is held to be the trouble. */
const STRIKES_TO_SPLIT = 2
/** A user alone is given up for this much later: nobody else waits for it. */
const STRIKES_TO_FAIL = 10

/**
 * Finds batches that a server error follows around: what fails again and again although other batches are delivered
 * in between has something in it that Dopt breaks on. Kept in memory only: after a restart the suspicion begins anew.
 */
export class Suspects {
  #deliveries = 0
  readonly #records = new Map<number, { strikes: number; deliveries: number }>()

  /** Takes note of a result; true when the batch should be taken apart or, with one user, given up. */
  take(batch: { id: number; entries: { readonly length: number } }, result: CallResult): boolean {
    if (result.outcome === 'delivered') this.#deliveries++
    if (!isServerError(result)) {
      this.#records.delete(batch.id)
      return false
    }
    const record = this.#records.get(batch.id)
    const othersPassed = record !== undefined && this.#deliveries > record.deliveries
    const strikes = (record?.strikes ?? 0) + (othersPassed ? 1 : 0)
    const isGuilty = strikes >= (batch.entries.length > 1 ? STRIKES_TO_SPLIT : STRIKES_TO_FAIL)
    if (isGuilty) this.#records.delete(batch.id)
    else this.#records.set(batch.id, { strikes, deliveries: this.#deliveries })
    return isGuilty
  }
}

/** An error of the server's own, as opposed to one that asks to come back later. */
function isServerError({ outcome, status, retryAfterMs }: CallResult): boolean {
  return outcome === 'retry' && status !== undefined && status >= 500 && retryAfterMs === undefined
}
