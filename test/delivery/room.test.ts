import { silentLogger } from '../../src/delivery/logger.js'
import { Retention } from '../../src/delivery/retention.js'
import { untilRoom } from '../../src/delivery/room.js'
import type { SettledReason } from '../../src/delivery/settled.js'
import type { Store } from '../../src/store/store.js'
import { DELIVERED } from '../helpers/fake-dopt.js'
import { users, withSender, type SenderBench } from '../helpers/with-sender.js'

const GIVE_UP_MS = 10_000
const MAX_BYTES = 1000
const UNAVAILABLE = { outcome: 'retry', status: 503 } as const

/** Begins to wait beside a store whose size is `bytes()`, and tells how that ended, or that it has not. */
function waiting(
  bench: SenderBench,
  bytes: () => number,
  signal?: AbortSignal
): () => 'room' | SettledReason | 'waiting' {
  const { sender, clock } = bench
  const store = Object.create(bench.store, {
    usage: { value: async () => ({ bytes: bytes(), maxBytes: MAX_BYTES }) },
    agenda: { value: () => bench.store.agenda() },
    pruneStep: { value: async () => ({ removed: 0, more: false }) }
  }) as Store
  const retention = new Retention(store, { retentionMs: 1 }, clock, silentLogger)
  let reason: 'room' | SettledReason | 'waiting' = 'waiting'
  void untilRoom(
    { store, sender, retention, clock },
    { giveUpAfterMs: GIVE_UP_MS, ...(signal !== undefined && { signal }) }
  ).then((ended) => {
    reason = ended
  })
  return () => reason
}

describe('waiting for room in a store at its limit', () => {
  test('ends when it has become smaller than that', async () => {
    await withSender({}, async (bench) => {
      bench.dopt.answer = () => UNAVAILABLE
      await bench.accept(...users(1))
      await bench.sender.start()
      let bytes = MAX_BYTES
      const reason = waiting(bench, () => bytes)
      await bench.clock.advance(1000)
      expect(reason()).toBe('waiting')
      bytes = MAX_BYTES - 1
      await bench.clock.advance(200)
      expect(reason()).toBe('room')
    })
  })

  test('ends when all is settled, for nothing will make room any more', async () => {
    await withSender({}, async (bench) => {
      bench.dopt.answer = () => UNAVAILABLE
      await bench.accept(...users(1))
      await bench.sender.start()
      const reason = waiting(bench, () => MAX_BYTES)
      await bench.clock.advance(1000)
      expect(reason()).toBe('waiting')
      bench.dopt.answer = () => DELIVERED
      await bench.clock.advance(5000)
      expect(reason()).toBe('settled')
    })
  })

  test('ends when the key is refused', async () => {
    await withSender({}, async (bench) => {
      bench.dopt.answer = () => ({ outcome: 'pause', status: 401 })
      bench.dopt.answerKeyCheck = () => ({ outcome: 'pause', status: 401 })
      await bench.accept(...users(1))
      await bench.sender.start()
      await bench.sender.drain()
      const reason = waiting(bench, () => MAX_BYTES)
      await bench.clock.advance(200)
      expect(reason()).toBe('key-refused')
    })
  })

  test('goes on as long as something moves, and gives up when nothing has for the time it is given', async () => {
    await withSender({ batchSize: 1, concurrency: 1 }, async (bench) => {
      const { accept, clock, dopt, sender } = bench
      dopt.latencyMs = 0.6 * GIVE_UP_MS
      dopt.answer = (_users, call) => (call <= 4 ? DELIVERED : UNAVAILABLE)
      await accept(...users(5))
      await sender.start()
      const reason = waiting(bench, () => MAX_BYTES)
      await clock.advance(3.3 * GIVE_UP_MS)
      expect(sender.totals.delivered).toBe(4)
      expect(reason()).toBe('waiting')
      await clock.advance(0.2 * GIVE_UP_MS)
      expect(reason()).toBe('stalled')
    })
  })

  test('ends when it is interrupted', async () => {
    await withSender({}, async (bench) => {
      bench.dopt.answer = () => UNAVAILABLE
      await bench.accept(...users(1))
      await bench.sender.start()
      const interrupt = new AbortController()
      const reason = waiting(bench, () => MAX_BYTES, interrupt.signal)
      await bench.clock.advance(50)
      expect(reason()).toBe('waiting')
      interrupt.abort()
      await bench.clock.advance(0)
      expect(reason()).toBe('interrupted')
    })
  })
})
