import { isAllSettled, untilSettled, type SettledReason } from '../../src/delivery/settled.js'
import type { SenderBench } from '../helpers/with-sender.js'
import { users, withSender } from '../helpers/with-sender.js'

const GIVE_UP_MS = 10_000

/** Begins to wait, and tells how that ended, or that it has not. */
function waiting({ store, sender, clock }: SenderBench, signal?: AbortSignal): () => SettledReason | 'waiting' {
  let reason: SettledReason | 'waiting' = 'waiting'
  void untilSettled(
    { store, sender, clock },
    { giveUpAfterMs: GIVE_UP_MS, ...(signal !== undefined && { signal }) }
  ).then((ended) => {
    reason = ended
  })
  return () => reason
}

test('nothing is left to do only where nothing is pending, and no batch open', () => {
  expect(isAllSettled({ hasPending: false, openBatches: 0 })).toBe(true)
  expect(isAllSettled({ hasPending: true, openBatches: 0 })).toBe(false)
  expect(isAllSettled({ hasPending: false, openBatches: 1 })).toBe(false)
})

describe('waiting until all is settled', () => {
  test('goes on as long as something moves, and gives up when nothing has for the time it is given', async () => {
    await withSender({ batchSize: 1, concurrency: 1 }, async (bench) => {
      const { accept, clock, dopt, sender } = bench
      dopt.latencyMs = 0.6 * GIVE_UP_MS
      dopt.answer = (_users, call) =>
        call <= 4 ? { outcome: 'delivered', status: 200 } : { outcome: 'retry', status: 503 }
      await accept(...users(5))
      await sender.start()
      const reason = waiting(bench)
      await clock.advance(3 * GIVE_UP_MS)
      expect(sender.totals.delivered).toBe(4)
      expect(reason()).toBe('waiting')
      await clock.advance(0.3 * GIVE_UP_MS)
      expect(reason()).toBe('waiting')
      await clock.advance(0.2 * GIVE_UP_MS)
      expect(reason()).toBe('stalled')
    })
  })

  test('gives up in time though a call is still under way', async () => {
    await withSender({}, async (bench) => {
      bench.dopt.latencyMs = 3 * GIVE_UP_MS
      await bench.accept(...users(1))
      await bench.sender.start()
      const reason = waiting(bench)
      await bench.clock.advance(GIVE_UP_MS - 100)
      expect(reason()).toBe('waiting')
      await bench.clock.advance(200)
      expect(reason()).toBe('stalled')
    })
  })

  test('ends when it is interrupted, though a call is under way', async () => {
    await withSender({}, async (bench) => {
      bench.dopt.latencyMs = GIVE_UP_MS
      await bench.accept(...users(1))
      await bench.sender.start()
      const interrupt = new AbortController()
      const reason = waiting(bench, interrupt.signal)
      await bench.clock.advance(100)
      expect(reason()).toBe('waiting')
      interrupt.abort()
      await bench.clock.advance(0)
      expect(reason()).toBe('interrupted')
    })
  })

  test('ends when the sender has stopped, as it does where its store is gone', async () => {
    await withSender({}, async (bench) => {
      bench.dopt.answer = () => ({ outcome: 'retry', status: 503 })
      await bench.accept(...users(1))
      await bench.sender.start()
      const reason = waiting(bench)
      await bench.clock.advance(100)
      expect(reason()).toBe('waiting')
      await bench.sender.stop(0)
      await bench.clock.advance(100)
      expect(reason()).toBe('interrupted')
    })
  })
})
