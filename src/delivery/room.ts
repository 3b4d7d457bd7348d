import type { Store } from '../store/store.js'
import { sleep, type Clock } from './clock.js'
import type { Retention } from './retention.js'
import type { Sender } from './sender.js'
import { isAllSettled, type SettledReason } from './settled.js'

const POLL_MS = 100

/**
 * Waits until a store at its limit has room again, removing delivered events. Resolves to another reason if there is no
 * point in waiting: to `settled` if nothing is left whose delivery would make room.
 */
export async function untilRoom(
  { store, sender, retention, clock }: { store: Store; sender: Sender; retention: Retention; clock: Clock },
  { giveUpAfterMs, signal }: { giveUpAfterMs: number; signal?: AbortSignal }
): Promise<'room' | SettledReason> {
  const startedAt = clock.now()
  for (;;) {
    if (signal?.aborted) return 'interrupted'
    // Read before making room, so that events settled in between are removed as well.
    const agenda = await store.agenda()
    await retention.makeRoom()
    const { bytes, maxBytes } = await store.usage()
    if (maxBytes === undefined || bytes < maxBytes) return 'room'
    if (isAllSettled(agenda)) return 'settled'
    if (sender.health.state === 'key-refused') return 'key-refused'
    if (clock.now() - Math.max(startedAt, sender.lastMovedAt) >= giveUpAfterMs) return 'stalled'
    await sleep(clock, POLL_MS, signal)
  }
}
