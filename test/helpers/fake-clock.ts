import type { Clock } from '../../src/delivery/clock.js'

interface Timer {
  at: number
  order: number
  callback: () => void
}

/** A clock that a test moves by hand. */
export class FakeClock implements Clock {
  #now: number
  #order = 0
  readonly #timers = new Set<Timer>()

  constructor(now = Date.UTC(2026, 9, 1)) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  schedule(callback: () => void, ms: number): () => void {
    const timer = { at: this.#now + Math.max(0, ms), order: this.#order++, callback }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  /** As when the system's clock is corrected: timers ring after the time that they were set for all the same. */
  setBack(ms: number): void {
    this.#now -= ms
    for (const timer of this.#timers) timer.at -= ms
  }

  /** Moves on by `ms`, ringing what is due in order and letting the work that each ring starts come to rest. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settleWork()
    for (;;) {
      const next = [...this.#timers].sort((a, b) => a.at - b.at || a.order - b.order)[0]
      if (next === undefined || next.at > end) break
      this.#timers.delete(next)
      this.#now = next.at
      next.callback()
      await settleWork()
    }
    this.#now = end
    await settleWork()
  }
}

/** Lets promises and commits that are under way finish: the store's writes take one turn of the event loop each. */
export async function settleWork(turns = 8): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
}
