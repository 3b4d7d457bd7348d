import type { Agenda, Store } from '../store/store.js'
import { sleep, type Clock } from './clock.js'
import type { Sender } from './sender.js'

/** Why waiting for everything to be settled ended. */
export type SettledReason = 'settled' | 'key-refused' | 'stalled' | 'interrupted'

const POLL_MS = 20

/** Whether nothing is left to do. */
export function isAllSettled({ hasPending, openBatches }: Agenda): boolean {
  return !hasPending && openBatches === 0
}

/** Resolves when nothing is left to do, or when there is no point in waiting any longer. */
export async function untilSettled(
  { store, sender, clock }: { store: Store; sender: Sender; clock: Clock },
  { giveUpAfterMs, signal }: { giveUpAfterMs: number; signal?: AbortSignal }
): Promise<SettledReason> {
  const startedAt = clock.now()
  for (;;) {
    const moved = Math.max(startedAt, sender.lastMovedAt)
    await drainUnless(sender, clock, signal, moved + giveUpAfterMs)
    if (signal?.aborted || sender.isStopped) return 'interrupted'
    if (isAllSettled(await store.agenda())) return 'settled'
    if (sender.health.state === 'key-refused') return 'key-refused'
    if (clock.now() - Math.max(startedAt, sender.lastMovedAt) >= giveUpAfterMs) return 'stalled'
    await sleep(clock, POLL_MS, signal)
  }
}

/** Sends what is due, until `until` or the signal at the latest. */
async function drainUnless(
  sender: Sender,
  clock: Clock,
  signal: AbortSignal | undefined,
  until: number
): Promise<void> {
  const over = new AbortController()
  const end = (): void => over.abort()
  signal?.addEventListener('abort', end, { once: true })
  try {
    const limit = sleep(clock, Math.max(0, until - clock.now()), over.signal)
    await Promise.race([sender.drain(), limit])
  } finally {
    over.abort()
    signal?.removeEventListener('abort', end)
  }
}
