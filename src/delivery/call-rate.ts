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
    return now >= this.#nextAt
  }

  /** Counts a call that goes out now. */
  take(now: number): void {
    this.#nextAt = Math.max(now, this.#nextAt) + this.#spacingMs
  }
}
