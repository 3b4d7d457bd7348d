/**
 * Spaces calls evenly, so that no second has more calls than the rate allows. Without a rate, calls are not delayed.
 */
export class CallRate {
  readonly #spacingMs: number
  #lastAt = -Infinity

  constructor(maxCallsPerSecond: number | undefined) {
    this.#spacingMs = maxCallsPerSecond === undefined ? 0 : 1000 / maxCallsPerSecond
  }

  /**
   * How long until the next call may go out; 0 when it may now, also because the clock was set back since the last one.
   */
  waitMs(now: number): number {
    const sinceMs = now - this.#lastAt
    return sinceMs < 0 ? 0 : Math.max(0, this.#spacingMs - sinceMs)
  }

  /** Records a call that is sent now. */
  take(now: number): void {
    this.#lastAt = now
  }
}
