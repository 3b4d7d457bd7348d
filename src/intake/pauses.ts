import { settlesWithin } from './settles-within.js'

/** Yielded when the source has paused for a while. */
export const PAUSED = Symbol('paused')

/**
 * The source's values, with PAUSED in between whenever the next one takes longer than `afterMs` (once per wait). If it
 * is ended early, it does not end the source, which may be in a wait that only its owner can interrupt.
 */
export async function* withPauses<T>(
  source: AsyncIterator<T, void>,
  afterMs: number
): AsyncGenerator<T | typeof PAUSED, void, undefined> {
  for (;;) {
    const next = source.next()
    if (!(await settlesWithin(next, afterMs))) yield PAUSED
    const result = await next
    if (result.done) return
    yield result.value
  }
}
