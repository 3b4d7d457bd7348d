import { jest } from '@jest/globals'
import { users, withSender } from '../helpers/with-sender.js'

describe('while events arrive a few at a time', () => {
  test('the store is asked for a batch only when enough have come to fill one', async () => {
    await withSender({}, async ({ sender, accept, store, dopt, clock }) => {
      await sender.start()
      await clock.advance(0)
      const formBatch = jest.spyOn(store, 'formBatch')
      for (let part = 0; part < 9; part++) {
        await accept(...users(10, `part-${part}`))
        sender.wake(10)
        await clock.advance(0)
      }
      expect(formBatch).toHaveBeenCalledTimes(1)
      expect(dopt.calls).toEqual([])

      await accept(...users(10, 'last'))
      sender.wake(10)
      await clock.advance(0)
      expect(dopt.calls.map(({ identifiers }) => identifiers.length)).toEqual([100])
    })
  })

  test('they go out after the flush interval, whatever arrives in that moment', async () => {
    await withSender({}, async ({ sender, accept, dopt, clock }) => {
      await sender.start()
      await accept(...users(10))
      sender.wake(10)
      await clock.advance(999)
      expect(dopt.calls).toEqual([])
      // Time passes before the timer can ring.
      clock.setBack(-1)
      await accept(...users(1, 'late'))
      sender.wake(1)
      await clock.advance(0)
      expect(dopt.calls.map(({ identifiers }) => identifiers.length)).toEqual([11])
    })
  })

  test('events that waited for a call with their users fill a batch when it ends', async () => {
    await withSender({ batchSize: 2, flushIntervalMs: 60_000 }, async ({ sender, accept, dopt, clock }) => {
      dopt.latencyMs = 50
      await sender.start()
      await accept(...users(2))
      sender.wake(2)
      await clock.advance(0)
      await accept(...users(2))
      sender.wake(2)
      await accept(...users(1, 'other'))
      sender.wake(1)
      await clock.advance(50)
      expect(dopt.calls).toHaveLength(1)
      await clock.advance(50)
      expect(dopt.calls).toHaveLength(2)
      expect(dopt.collisions).toEqual([])
    })
  })

  test.each([
    ['another process has filled the batch', 0],
    ['the clock is set back', 3_600_000]
  ])('the store is asked within a second when %s', async (_what, backMs) => {
    await withSender({ flushIntervalMs: backMs === 0 ? 60_000 : 1000 }, async ({ sender, accept, dopt, clock }) => {
      await sender.start()
      await accept(...users(1))
      sender.wake(1)
      await clock.advance(0)
      if (backMs === 0) await accept(...users(99, 'of-another-process'))
      else clock.setBack(backMs)
      // More often than the sender looks around when nothing wakes it.
      for (let event = 0; event < 2; event++) {
        await clock.advance(900)
        await accept(...users(1))
        sender.wake(1)
        await clock.advance(0)
      }
      expect(dopt.calls).toHaveLength(1)
    })
  })

  test('what another process stored is found within a second', async () => {
    await withSender({ flushIntervalMs: 60_000 }, async ({ sender, accept, dopt, clock }) => {
      await sender.start()
      await accept(...users(1))
      sender.wake(1)
      await clock.advance(0)
      await accept(...users(99, 'of-another-process'))
      await clock.advance(1000)
      expect(dopt.calls.map(({ identifiers }) => identifiers.length)).toEqual([100])
    })
  })
})
