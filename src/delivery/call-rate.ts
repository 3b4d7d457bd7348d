/** Spaces calls out evenly, so that no second has more than the rate allows. Without a rate every moment will do. */
export class CallRate {
  readonly #spacingMs: number
  #nextAt = 0

  constructor(maxCallsPerSecond: number | undefined) {
    this.#spacingMs = maxCallsPerSecond === undefined ? 0 : 1000 / maxCallsPerSecond
  }

  /** When the next call may go out, epoch milliseconds. */
  get nextAt(): number {
    return this.#nextAt
  }

  isOpen(now: number): boolean {
    // Further away than one call's distance it is only where the clock was set back.
    return now >= this.#nextAt || this.#nextAt - now > 2 * this.#spacingMs
  }

  /** Counts a call that goes out now. */
  take(now: number): void {
    if (this.#spacingMs === 0) return
    const isDue = this.#nextAt > now && this.#nextAt - now <= 2 * this.#spacingMs
    this.#nextAt = (isDue ? this.#nextAt : now) + this.#spacingMs
  }
}
