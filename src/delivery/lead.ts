/** How long the store may keep a caller waiting while it takes in events: some 50 ms with thousands at a time. */
const STORE_BUSY_MS = 50
/** Shorter calls give the store no rest in which to form batches early, and the later it forms them the more they merge. */
const SHORTEST_CALL_MS = 20
/** How much the latest call counts. */
const WEIGHT = 1 / 8

/** How many batches to have ready, beside those in flight, so that a call that ends does not wait for the store. */
export class Lead {
  /** A mean that begins at nothing: the first calls of a process take longer than those that follow. */
  #callMs = 0

  constructor(private readonly concurrency: number) {}

  /** A call has taken so long. */
  take(callMs: number): void {
    this.#callMs += (callMs - this.#callMs) * WEIGHT
  }

  /** As many as end while the store is busy. */
  get batches(): number {
    if (this.#callMs < SHORTEST_CALL_MS) return 0
    return Math.min(this.concurrency, Math.ceil((this.concurrency * STORE_BUSY_MS) / this.#callMs))
  }
}
