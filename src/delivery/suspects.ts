import { isAborted, type CallResult } from '../dopt/call-result.js'

/** Failures "while others pass" after which a batch, and not the endpoint, is held to be the trouble. */
const STRIKES_TO_SPLIT = 2
/** A user alone is given up for this much later: nobody else waits for it. */
const STRIKES_TO_FAIL = 10
/** How many calls of others have to be delivered for each that fails: where most fail, it is nobody's in particular. */
const DELIVERED_TO_SPLIT = 0.5
const DELIVERED_TO_FAIL = 4

/** Of a batch that fails. */
interface History {
  /** Failures with deliveries of others since the one before. */
  strikes: number
  failures: number
  /** The totals at its first failure and at its newest. */
  first: Totals
  newest: Totals
}

interface Totals {
  deliveries: number
  failures: number
}

/**
 * Finds batches that trouble follows around: what fails again and again although other batches are delivered in between
 * has something in it that Dopt breaks on. Kept in memory only: after a restart the suspicion begins anew.
 */
export class Suspects {
  #totals: Totals = { deliveries: 0, failures: 0 }
  readonly #histories = new Map<number, History>()

  /** Takes note of a result; true when the batch should be taken apart or, with one user, given up. */
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

/** Of all other batches, since this one failed for the first time. */
function deliveredPerFailure({ failures, first, newest }: History): number {
  const ofOthers = newest.failures - first.failures - (failures - 1)
  return (newest.deliveries - first.deliveries) / ofOthers
}

/** What asks to come back later is no reason to suspect anybody. */
function isTrouble(result: CallResult): boolean {
  return result.outcome === 'retry' && result.status !== 429 && result.retryAfterMs === undefined && !isAborted(result)
}

function isServerError({ status }: CallResult): boolean {
  return status !== undefined && status >= 500
}
