import { settlesWithin } from './settles-within.js'

/** Says that the source has given nothing for a while. */
export const PAUSED = Symbol('paused')

/**
 * The source's values, with PAUSED in between whenever the next one takes longer than `afterMs` (said once a wait).
 * It does not end the source when it is itself left early: the source may be in the middle of a wait that only its
 * owner can break off.
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
