import { isAborted, type CallResult } from '../dopt/call-result.js'
import type { CallRecord, OpenBatch, Settlement } from '../store/store.js'
import { backoffMs, type BackoffOptions } from './retry-policy.js'

export interface DecideOptions {
  backoff: BackoffOptions
  /** A batch that could not be delivered for this long since it was formed is failed. */
  retryWindowMs: number
}

/**
 * What a call's result means for its batch. Pure: clock and randomness come in as arguments, and so does whether the
 * batch itself is suspected of a server error (see Suspects).
 */
export function decide(
  batch: Pick<OpenBatch, 'attempts' | 'createdAt'> & { entries: { readonly length: number } },
  result: CallResult,
  options: DecideOptions,
  now: number,
  random: number,
  isSuspect = false
): Settlement {
  const call: CallRecord = { at: now, status: result.status, code: result.code, error: result.message }
  const takeApart = (): Settlement => ({ to: batch.entries.length > 1 ? 'split' : 'failed', call })
  switch (result.outcome) {
    case 'delivered':
      return { to: 'delivered', call }
    case 'split':
      return takeApart()
    case 'reject':
      return { to: 'failed', call }
    case 'pause':
      // Not the batch's fault: it is sent first once the key is accepted.
      return { to: 'retrying', call, nextAttemptAt: now, countAttempt: false }
    case 'retry':
    case 'misdirected':
      if (isAborted(result)) return { to: 'retrying', call, nextAttemptAt: now, countAttempt: false }
      if (isSuspect) return takeApart()
      if (now - batch.createdAt >= options.retryWindowMs) return { to: 'failed', call }
      return {
        to: 'retrying',
        call,
        nextAttemptAt: now + backoffMs(batch.attempts + 1, options.backoff, random, result.retryAfterMs),
        countAttempt: true
      }
  }
}
