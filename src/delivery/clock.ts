/** The clock that delivery uses, so that tests can control it. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number
  /** Calls `callback` after `ms`; the returned function cancels that. */
  schedule(callback: () => void, ms: number): () => void
}

/** With a longer delay, setTimeout fires at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  schedule: (callback, ms) => {
    const timer = setTimeout(callback, Math.min(ms, LONGEST_TIMEOUT_MS))
    return () => clearTimeout(timer)
  }
}

export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const wake = (): void => {
      cancel()
      signal?.removeEventListener('abort', wake)
      resolve()
    }
    const cancel = clock.schedule(wake, ms)
    signal?.addEventListener('abort', wake, { once: true })
  })
}
