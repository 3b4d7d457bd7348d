/** The two halves, in order; the first is the larger one if the number is odd. */
export function splitInHalves<T>(items: readonly T[]): [T[], T[]] {
  const middle = Math.ceil(items.length / 2)
  return [items.slice(0, middle), items.slice(middle)]
}

/** How `sendIsolating` makes calls and treats their results. */
export interface Isolation<T, R> {
  /** Makes one call for all of `items`. */
  send(this: void, items: readonly T[]): Promise<R>
  /**
   * Whether `result` blames the content of a call, so that a smaller call may succeed. Asked for calls of two or more
   * items.
   */
  blamesContent(this: void, result: R): boolean
  /** Receives the final result of `items`. Called exactly once for each item, if `isOver` stays false. */
  settle(this: void, items: readonly T[], result: R): void
  /** Asked before each call: once it is true, no further call is made, and the remaining items stay unsettled. */
  isOver(this: void): boolean
}

/**
 * Sends `items` in one call and, while a call is refused for its content, in halves: one bad item among 100 is alone
 * after at most 15 calls, and everything else was delivered. One call at a time, in order. Items must not repeat.
 */
export async function sendIsolating<T, R>(items: readonly T[], isolation: Isolation<T, R>): Promise<void> {
  const waiting: Array<readonly T[]> = [items]
  for (let part = waiting.pop(); part !== undefined && !isolation.isOver(); part = waiting.pop()) {
    if (part.length === 0) continue
    const result = await isolation.send(part)
    if (part.length > 1 && isolation.blamesContent(result)) {
      const [first, second] = splitInHalves(part)
      waiting.push(second, first)
    } else {
      isolation.settle(part, result)
    }
  }
}
