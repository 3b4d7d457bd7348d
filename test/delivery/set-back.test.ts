import { StoreError } from '../../src/store/errors.js'
import { DELIVERED } from '../helpers/fake-dopt.js'
import { users, withSender } from '../helpers/with-sender.js'

const DAY_MS = 24 * 3_600_000
const LOCKED = new StoreError('busy', 'locked')

describe('a clock that is set back', () => {
  test('does not keep events waiting for others to fill their batch', async () => {
    await withSender({}, async ({ sender, accept, dopt, clock }) => {
      await sender.start()
      await accept(...users(100))
      await sender.drain()
      await accept(['ada', { plan: 'pro' }])
      clock.setBack(3_600_000)
      sender.wake()
      await clock.advance(2000)
      expect(dopt.users.size).toBe(101)
      await accept(...users(100, 'later'))
      sender.wake()
      await clock.advance(2000)
      expect(dopt.users.size).toBe(201)
    })
  })

  test('does not keep a batch waiting for its next attempt', async () => {
    await withSender({}, async ({ store, sender, accept, dopt, clock }) => {
      dopt.answer = (_users, call) => (call === 1 ? { outcome: 'retry', status: 503 } : DELIVERED)
      await accept(...users(100))
      await sender.start()
      await sender.drain()
      expect((await store.books()).events).toMatchObject({ retrying: 100 })

      clock.setBack(DAY_MS)
      await clock.advance(2000)
      expect((await store.books()).events).toMatchObject({ delivered: 100 })
    })
  })

  test('does not keep an endpoint from being probed, nor makes for more probes than one', async () => {
    await withSender({ batchSize: 1 }, async ({ store, sender, accept, dopt, clock }) => {
      dopt.answer = () => ({ outcome: 'retry', status: 503 })
      await accept(...users(10))
      await sender.start()
      await clock.advance(3_600_000)
      const before = dopt.calls.length

      clock.setBack(DAY_MS)
      await clock.advance(2000)
      expect(dopt.calls.length - before).toBe(1)
      await clock.advance(3_600_000)
      // A minute apart, as before.
      expect(dopt.calls.length - before).toBeLessThan(75)

      dopt.answer = () => DELIVERED
      await clock.advance(120_000)
      expect((await store.books()).events).toMatchObject({ delivered: 10 })
    })
  })

  test('does not keep a refused key from being asked after', async () => {
    await withSender({}, async ({ sender, accept, dopt, clock }) => {
      dopt.answer = () => ({ outcome: 'pause', status: 401 })
      dopt.answerKeyCheck = () => ({ outcome: 'pause', status: 401 })
      await accept(...users(100))
      await sender.start()
      await sender.drain()

      dopt.answer = () => DELIVERED
      dopt.answerKeyCheck = () => DELIVERED
      clock.setBack(DAY_MS)
      await clock.advance(2000)
      expect(dopt.users.size).toBe(100)
    })
  })

  test('does not keep a store that was in the way from being asked again', async () => {
    await withSender({}, async ({ store, sender, accept, dopt, clock }) => {
      await sender.start()
      jest.spyOn(store, 'formBatch').mockRejectedValueOnce(LOCKED)
      await accept(...users(100))
      await sender.drain()
      expect(dopt.calls).toHaveLength(0)

      clock.setBack(DAY_MS)
      await clock.advance(2000)
      expect(dopt.users.size).toBe(100)
    })
  })

  test('is noticed also where the store is in the way at that moment', async () => {
    await withSender({}, async ({ store, sender, accept, dopt, clock }) => {
      dopt.answer = (_users, call) => (call === 1 ? { outcome: 'retry', status: 503 } : DELIVERED)
      await accept(...users(100))
      await sender.start()
      await sender.drain()
      jest.spyOn(store, 'makeDue').mockRejectedValueOnce(LOCKED)

      clock.setBack(DAY_MS)
      await clock.advance(3000)
      expect(dopt.users.size).toBe(100)
    })
  })
})
