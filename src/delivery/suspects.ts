import { isAborted, type CallResult } from '../dopt/call-result.js'

/** After this many failures while other batches were delivered, the batch is considered the cause, not the endpoint. */
const STRIKES_TO_SPLIT = 2
/** A batch with a single user is failed only after this many: nobody else waits for it. */
const STRIKES_TO_FAIL = 10
/** How many other calls must be delivered per failed one: if most calls fail, no single batch is to blame. */
const DELIVERED_TO_SPLIT = 0.5
const DELIVERED_TO_FAIL = 4

/** The history of a failing batch. */
interface History {
  /** Failures with deliveries of other batches since the previous failure. */
  strikes: number
  failures: number
  /** The totals at its first and at its latest failure. */
  first: Totals
  newest: Totals
}

interface Totals {
  deliveries: number
  failures: number
}

/**
 * Finds batches that fail again and again while other batches are delivered: something in them breaks Dopt. Kept in
 * memory only: after a restart, suspicion starts anew.
 */
export class Suspects {
  #totals: Totals = { deliveries: 0, failures: 0 }
  readonly #histories = new Map<number, History>()

  /** Records a result. True if the batch should be split or, with a single user, failed. */
  take(batch: { id: number; entries: { readonly length: number } }, result: CallResult): boolean {
    const { deliveries, failures } = this.#totals
    if (result.outcome === 'delivered') this.#totals = { deliveries: deliveries + 1, failures }
    if (!isTrouble(result)) {
      this.#histories.delete(batch.id)
      return false
    }
    const newest = (this.#totals = { deliveries, failures: failures + 1 })
    const before = this.#histories.get(batch.id)
    const othersPassed = before !== undefined && deliveries > before.newest.deliveries
    const history: History = {
      strikes: (before?.strikes ?? 0) + (othersPassed ? 1 : 0),
      failures: (before?.failures ?? 0) + 1,
      first: before?.first ?? newest,
      newest
    }
    const isGuilty = batch.entries.length > 1 ? isToSplit(history) : isServerError(result) && isToFail(history)
    if (isGuilty) this.#histories.delete(batch.id)
    else this.#histories.set(batch.id, history)
    return isGuilty
  }
}

function isToSplit(history: History): boolean {
  return history.strikes >= STRIKES_TO_SPLIT && deliveredPerFailure(history) >= DELIVERED_TO_SPLIT
}

function isToFail(history: History): boolean {
  return history.strikes >= STRIKES_TO_FAIL && deliveredPerFailure(history) >= DELIVERED_TO_FAIL
}

/** Deliveries per failure of all other batches, since this one failed for the first time. */
function deliveredPerFailure({ failures, first, newest }: History): number {
  const ofOthers = newest.failures - first.failures - (failures - 1)
  return (newest.deliveries - first.deliveries) / ofOthers
}

/** An answer that asks to retry later is no reason for suspicion. */
function isTrouble(result: CallResult): boolean {
  return result.outcome === 'retry' && result.status !== 429 && result.retryAfterMs === undefined && !isAborted(result)
}

function isServerError({ status }: CallResult): boolean {
  return status !== undefined && status >= 500
}
