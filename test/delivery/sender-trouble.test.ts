import { StoreError } from '../../src/store/errors.js'
import { DELIVERED } from '../helpers/fake-dopt.js'
import { users, withSender } from '../helpers/with-sender.js'

describe('a refused key', () => {
  test('stops all calls, counts no attempt, and goes on when a probe passes', async () => {
    await withSender({ batchSize: 10 }, async ({ store, sender, accept, dopt, clock }) => {
      dopt.answer = () => ({ outcome: 'pause', status: 401, code: 'unauthorized_error' })
      dopt.answerKeyCheck = () => ({ outcome: 'pause', status: 401 })
      await accept(...users(100))
      await sender.start()
      await sender.drain()
      expect(sender.health.state).toBe('key-refused')
      const refused = dopt.calls.length
      expect(refused).toBeLessThanOrEqual(4)
      await clock.advance(120_000)
      expect(dopt.calls).toHaveLength(refused)
      expect(dopt.keyChecks).toBeGreaterThanOrEqual(3)
      expect((await store.books()).endpoint?.state).toBe('key-refused')
      for (const batch of await store.listBatches({ state: 'retrying', limit: 10 })) expect(batch.attempts).toBe(0)

      dopt.answer = () => DELIVERED
      dopt.answerKeyCheck = () => DELIVERED
      await clock.advance(31_000)
      expect(dopt.users.size).toBe(100)
      expect((await store.books()).events).toMatchObject({ delivered: 100 })
      expect((await store.books()).endpoint?.state).toBe('ok')
    })
  })
})

describe('trouble is met with patience', () => {
  test('a refused key is asked after when its time has come, not sooner', async () => {
    await withSender({}, async ({ sender, accept, dopt, clock }) => {
      dopt.answer = () => ({ outcome: 'pause', status: 401 })
      dopt.answerKeyCheck = () => ({ outcome: 'pause', status: 401 })
      await accept(['ada', { plan: 'pro' }])
      await sender.start()
      await sender.drain()
      await clock.advance(25_000)
      expect(dopt.keyChecks).toBe(0)
    })
  })

  test('a store that cannot note the endpoint’s health ends nothing', async () => {
    await withSender({}, async ({ sender, store, accept, dopt, clock }) => {
      const unhandled: unknown[] = []
      const take = (error: unknown): void => void unhandled.push(error)
      process.on('unhandledRejection', take)
      await accept(['ada', { plan: 'pro' }])
      await sender.start()
      jest.spyOn(store, 'saveEndpoint').mockImplementation(() => Promise.reject(new StoreError('busy', 'locked')))
      dopt.answer = () => ({ outcome: 'pause', status: 401 })
      await sender.drain()
      await clock.advance(100)
      process.off('unhandledRejection', take)
      expect(unhandled).toEqual([])
    })
  })

  test('a store that is gone is not asked again', async () => {
    await withSender({}, async ({ sender, store, accept, clock }) => {
      await sender.start()
      const form = jest.spyOn(store, 'formBatch').mockRejectedValue(new StoreError('gone', 'its thread ended'))
      await accept(['ada', { plan: 'pro' }])
      await sender.drain()
      await clock.advance(60_000)
      expect(form).toHaveBeenCalledTimes(1)
      expect(sender.isStopped).toBe(true)
    })
  })

  test('after a restart what waits goes out one call at a time at first', async () => {
    await withSender({ batchSize: 1 }, async (bench) => {
      const { accept, dopt, sender, clock } = bench
      dopt.answer = () => ({ outcome: 'retry', status: 503 })
      await accept(...users(4))
      await sender.start()
      await sender.drain()
      dopt.latencyMs = 1000
      dopt.mostInFlight = 0
      await bench.restart()
      await clock.advance(500)
      expect(dopt.mostInFlight).toBe(1)
    })
  })

  test('the retry window does not run while the key is refused', async () => {
    await withSender({ retryWindowMs: 3_600_000 }, async ({ store, sender, accept, dopt, clock }) => {
      dopt.answer = () => ({ outcome: 'pause', status: 401 })
      dopt.answerKeyCheck = () => ({ outcome: 'pause', status: 401 })
      await accept(['ada', { plan: 'pro' }])
      await sender.start()
      await sender.drain()
      await clock.advance(2 * 3_600_000)
      dopt.answerKeyCheck = () => DELIVERED
      dopt.answer = () => ({ outcome: 'retry', status: 503 })
      await clock.advance(3_500_000)
      expect((await store.books()).events).toMatchObject({ retrying: 1, failed: 0 })
      await clock.advance(300_000)
      expect((await store.books()).events).toMatchObject({ retrying: 0, failed: 1 })
    })
  })

  test('nor does it for those that had met other trouble before, and with the right key after a restart', async () => {
    const options = { batchSize: 10, retryWindowMs: 3_600_000 }
    await withSender(options, async (bench) => {
      const { accept, dopt, clock, sender } = bench
      dopt.answer = (_users, call) =>
        call <= 2 ? { outcome: 'retry', status: 503 } : { outcome: 'pause', status: 401 }
      dopt.answerKeyCheck = () => ({ outcome: 'pause', status: 401 })
      await accept(...users(40))
      await sender.start()
      await clock.advance(2 * 3_600_000)
      expect(sender.health.state).toBe('key-refused')

      dopt.answer = () => ({ outcome: 'retry', status: 503 })
      await bench.restart()
      await clock.advance(600_000)
      expect((await bench.store.books()).events).toMatchObject({ failed: 0 })
      await clock.advance(3_600_000)
      expect((await bench.store.books()).events).toMatchObject({ failed: 40 })
    })
  })

  test('while the endpoint is down one probe at a time goes out, further and further apart', async () => {
    await withSender({ batchSize: 1 }, async ({ store, sender, accept, dopt, clock }) => {
      dopt.answer = () => ({ outcome: 'retry', status: 503 })
      await accept(...users(50))
      await sender.start()
      await clock.advance(1000)
      const atFirst = dopt.calls.length
      expect(atFirst).toBeLessThanOrEqual(6)
      await clock.advance(3_600_000)
      const gaps = dopt.calls.slice(atFirst).map((call, index, calls) => call.at - (calls[index - 1]?.at ?? call.at))
      // With full jitter at its widest: 500 ms doubled up to a minute, so about 60 probes an hour and no more.
      expect(dopt.calls.length).toBeLessThan(75)
      expect(Math.max(...gaps)).toBe(60_000)
      expect((await store.books()).events.delivered).toBe(0)
    })
  })

  test('Retry-After is a floor, for all calls', async () => {
    await withSender({ batchSize: 10 }, async ({ sender, accept, dopt, clock }) => {
      dopt.answer = () => ({ outcome: 'retry', status: 429, retryAfterMs: 30_000 })
      await accept(...users(100))
      await sender.start()
      await sender.drain()
      const before = dopt.calls.length
      expect(before).toBeLessThanOrEqual(4)
      await clock.advance(29_900)
      expect(dopt.calls).toHaveLength(before)
      dopt.answer = () => DELIVERED
      await clock.advance(60_000)
      expect(dopt.users.size).toBe(100)
    })
  })

  test('a batch is failed, not forgotten, after the retry window', async () => {
    await withSender({ retryWindowMs: 3_600_000 }, async ({ store, sender, accept, dopt, clock }) => {
      dopt.answer = () => ({ outcome: 'retry', status: 500, code: 'internal_server_error', message: 'try later' })
      await accept(['ada', { plan: 'pro' }])
      await sender.start()
      await sender.drain()
      await clock.advance(3_500_000)
      expect((await store.books()).events).toMatchObject({ retrying: 1, failed: 0 })
      await clock.advance(300_000)
      expect((await store.books()).events).toMatchObject({ retrying: 0, failed: 1 })
      expect(await store.listBatches({ state: 'failed', limit: 1 })).toMatchObject([
        { lastStatus: 500, lastError: 'try later' }
      ])
    })
  })

  test('a batch that was claimed goes out though the store fails right after', async () => {
    await withSender({}, async ({ store, sender, accept, dopt, clock }) => {
      dopt.answer = (_users, call) => (call === 1 ? { outcome: 'retry', status: 503 } : DELIVERED)
      jest.spyOn(store, 'nextRetryAt').mockRejectedValueOnce(new StoreError('busy', 'locked'))
      await accept(...users(10))
      await sender.start()
      await clock.advance(10_000)
      expect((await store.books()).events).toMatchObject({ delivered: 10, sending: 0, retrying: 0 })
    })
  })

  test('10,000 waiting batches come back without a storm', async () => {
    await withSender({ batchSize: 1, concurrency: 4 }, async ({ store, sender, accept, dopt, clock }) => {
      const total = 10_000
      for (let from = 0; from < total; from += 2000) {
        await accept(...users(2000, `wave-${from}`))
      }
      // As an outage leaves them: every batch formed, tried and waiting.
      await store.resume(clock.now())
      const options = { now: clock.now(), maxUsers: 1, api: 'bulk', maxBodyBytes: 1e6, flushBefore: Infinity } as const
      for (
        let formed = await store.formBatch(options);
        formed.kind === 'formed';
        formed = await store.formBatch(options)
      ) {
        const call = { at: clock.now(), status: 503, code: undefined, error: undefined }
        await store.settle(formed.batch.id, { to: 'retrying', call, nextAttemptAt: clock.now(), countAttempt: true })
      }
      dopt.latencyMs = 50
      let isDown = true
      dopt.answer = () => (isDown ? { outcome: 'retry', status: 503 } : DELIVERED)
      await sender.start()
      await clock.advance(300_000)
      const duringOutage = dopt.calls.length
      expect(duringOutage).toBeLessThan(30)

      isDown = false
      const recoveredAt = clock.now()
      await clock.advance(61_000)
      const perSecond = new Array<number>(60).fill(0)
      for (const call of dopt.calls.slice(duringOutage)) {
        const second = Math.floor((call.at - recoveredAt) / 1000)
        if (second < 60) perSecond[second] = (perSecond[second] ?? 0) + 1
      }
      // Four calls at a time of 50 ms each are 80 a second at most, whatever waits; the first seconds ramp up to that.
      expect(Math.max(...perSecond)).toBeLessThanOrEqual(84)
      const first = perSecond.findIndex((calls) => calls > 0)
      expect(perSecond[first]).toBeLessThan(80)
      expect(dopt.mostInFlight).toBeLessThanOrEqual(4)
    })
  }, 60_000)
})

describe('shutdown', () => {
  test('calls in flight are given time to end, and nothing new is started', async () => {
    await withSender({ batchSize: 10, concurrency: 2 }, async ({ store, sender, accept, dopt, clock }) => {
      dopt.latencyMs = 500
      await accept(...users(100))
      await sender.start()
      await clock.advance(100)
      const stopped = sender.stop(10_000)
      await clock.advance(2000)
      await stopped
      expect(dopt.calls).toHaveLength(2)
      expect((await store.books()).events).toMatchObject({ delivered: 20, pending: 80, sending: 0 })
    })
  })

  test('calls that do not end in time are cut short, and sent again by the next sender', async () => {
    await withSender({ batchSize: 10, concurrency: 2 }, async (bench) => {
      const { accept, dopt, clock } = bench
      dopt.latencyMs = 60_000
      await accept(...users(20))
      await bench.sender.start()
      await clock.advance(100)
      const stopped = bench.sender.stop(1000)
      await clock.advance(1000)
      await stopped
      expect((await bench.store.books()).events).toMatchObject({ delivered: 0, retrying: 20 })
      dopt.latencyMs = 0
      await bench.restart()
      await bench.sender.drain()
      expect((await bench.store.books()).events).toMatchObject({ delivered: 20, retrying: 0 })
    })
  })
})
