/** Time as the delivery sees it, so that tests can hold it in their hands. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number
  /** Calls back after `ms`; the function returned cancels it. */
  schedule(callback: () => void, ms: number): () => void
}

/** setTimeout fires at once for anything longer. */
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
