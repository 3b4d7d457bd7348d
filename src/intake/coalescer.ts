import type { Receipt, Rejection, SourcedEvent } from '../forwarder.js'

/**
 * Enough to share the fixed costs of a call, but not so many that other requests wait long, or that the store's thread has
 * nothing to do while this one reads the rest.
 */
const MAX_REQUESTS_PER_CALL = 32
const MAX_EVENTS_PER_CALL = 1000

interface Waiting {
  events: readonly SourcedEvent[]
  resolve: (rejections: readonly Rejection[]) => void
  reject: (error: unknown) => void
}

/**
 * Combines the requests that arrive in the same turn of the event loop into few calls: translating and committing have
 * high costs per call, and low costs per event.
 */
export class Coalescer {
  #waiting: Waiting[] = []
  #events = 0

  constructor(private readonly take: (events: readonly SourcedEvent[]) => Promise<Pick<Receipt, 'rejections'>>) {}

  /** Resolves to the rejected ones of these events, once they are committed. Rejects if the call does. */
  accept(events: readonly SourcedEvent[]): Promise<readonly Rejection[]> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#flush())
      this.#waiting.push({ events, resolve, reject })
      this.#events += events.length
      const { length } = this.#waiting
      if (length >= MAX_REQUESTS_PER_CALL || this.#events >= MAX_EVENTS_PER_CALL) this.#flush()
    })
  }

  #flush(): void {
    const waiting = this.#waiting
    if (waiting.length === 0) return
    this.#waiting = []
    this.#events = 0
    void this.#call(waiting)
  }

  async #call(waiting: readonly Waiting[]): Promise<void> {
    try {
      const [only] = waiting
      const together = waiting.length === 1 && only ? only.events : waiting.flatMap(({ events }) => events)
      const { rejections } = await this.take(together)
      let first = 0
      for (const { events, resolve } of waiting) {
        const last = first + events.length
        resolve(between(rejections, first, last))
        first = last
      }
    } catch (error) {
      for (const { reject } of waiting) reject(error)
    }
  }
}

const NONE: readonly Rejection[] = []

/** The rejections of one request, with indices relative to its first event. */
function between(rejections: readonly Rejection[], first: number, last: number): readonly Rejection[] {
  if (rejections.length === 0) return NONE
  return rejections
    .filter(({ index }) => index >= first && index < last)
    .map(({ index, reason }) => ({ index: index - first, reason }))
}
