export interface BackoffOptions {
  baseMs: number
  maxMs: number
}

/**
 * How long to wait before the next attempt: exponential with full jitter, so that many waiters do not come back
 * together.
 *
 * @param attempt how many attempts have failed, from 1
 * @param random a number from 0 to 1
 * @param retryAfterMs the wait that the answer asked for: a minimum
 */
export function backoffMs(attempt: number, options: BackoffOptions, random: number, retryAfterMs = 0): number {
  const ceiling = Math.min(options.maxMs, options.baseMs * 2 ** Math.max(0, attempt - 1))
  return Math.max(retryAfterMs, Math.round(ceiling * random))
}
