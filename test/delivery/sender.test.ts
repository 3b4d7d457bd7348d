import type { CallResult } from '../../src/dopt/call-result.js'
import { StoreError } from '../../src/store/errors.js'
import { DELIVERED } from '../helpers/fake-dopt.js'
import { withSender } from '../helpers/with-sender.js'

const users = (count: number, prefix = 'user'): Array<[string, Record<string, unknown>]> =>
  Array.from({ length: count }, (_, index) => [`${prefix}-${index}`, { plan: 'pro', index }])

describe('forming calls', () => {
  test('a full batch goes out at once, the rest after the flush interval', async () => {
    await withSender({}, async ({ sender, accept, dopt, clock }) => {
      await sender.start()
      await accept(...users(130))
      sender.wake()
      await clock.advance(0)
      expect(dopt.calls.map((call) => call.identifiers.length)).toEqual([100])
      await clock.advance(999)
      expect(dopt.calls).toHaveLength(1)
      await clock.advance(1)
      expect(dopt.calls.map((call) => call.identifiers.length)).toEqual([100, 30])
    })
  })

  test('several events of a user become one entry with the newest value of each property', async () => {
    await withSender({}, async ({ sender, accept, dopt }) => {
      await accept(
        ['ada', { plan: 'pro', seats: 1 }],
        ['ada', { plan: 'free', city: 'Paris' }, 60_000],
        ['ada', { seats: 2 }]
      )
      await sender.start()
      await sender.drain()
      expect(dopt.calls).toHaveLength(1)
      expect(dopt.users.get('ada')).toEqual({ plan: 'pro', seats: 2, city: 'Paris' })
    })
  })

  test('at most the configured number of calls is in flight, and no user is in two of them', async () => {
    await withSender({ concurrency: 3, batchSize: 10 }, async ({ sender, accept, dopt, clock }) => {
      dopt.latencyMs = 50
      await sender.start()
      for (let round = 0; round < 5; round++) {
        await accept(...users(40))
        sender.wake()
        await clock.advance(20)
      }
      const drained = sender.drain()
      await clock.advance(5000)
      await drained
      expect(dopt.mostInFlight).toBe(3)
      expect(dopt.collisions).toEqual([])
    })
  })

  test('a rate limit spaces the calls out', async () => {
    await withSender({ maxCallsPerSecond: 5, batchSize: 1 }, async ({ sender, accept, dopt, clock }) => {
      await accept(...users(20))
      await sender.start()
      const drained = sender.drain()
      await clock.advance(1000)
      expect(dopt.calls.length).toBeGreaterThanOrEqual(5)
      expect(dopt.calls.length).toBeLessThanOrEqual(6)
      await clock.advance(4000)
      await drained
      expect(dopt.calls).toHaveLength(20)
    })
  })
})

describe('a user never goes backwards', () => {
  test('newer events of a user wait while an older one waits for its retry', async () => {
    await withSender({}, async ({ sender, accept, dopt, clock }) => {
      dopt.answer = (_users, call) => (call === 1 ? { outcome: 'retry', status: 500 } : DELIVERED)
      await accept(['ada', { plan: 'free' }])
      await sender.start()
      await sender.drain()
      await accept(['ada', { plan: 'pro' }])
      await sender.drain()
      expect(dopt.calls).toHaveLength(1)
      await clock.advance(2000)
      await sender.drain()
      expect(dopt.calls.map((call) => call.result.outcome)).toEqual(['retry', 'delivered', 'delivered'])
      expect(dopt.users.get('ada')).toEqual({ plan: 'pro' })
    })
  })

  test('a failed batch that is replayed a day later sends only what nothing newer has overtaken', async () => {
    await withSender({}, async ({ store, sender, accept, dopt, clock }) => {
      dopt.answer = () => ({ outcome: 'split', status: 400, code: 'invalid_request_error', message: 'no' })
      await accept(['ada', { plan: 'free', city: 'Paris' }], ['ada', { plan: 'trial' }, 60_000])
      await sender.start()
      await sender.drain()
      dopt.answer = () => DELIVERED
      await clock.advance(86_400_000)
      await accept(['ada', { plan: 'pro' }])
      await sender.drain()
      expect(await store.replay({}, clock.now())).toEqual(expect.objectContaining({ batches: 1, events: 2, users: 1 }))
      await sender.drain()
      expect(dopt.users.get('ada')).toEqual({ plan: 'pro', city: 'Paris' })
      const { events } = await store.eventsOfUser('ada', 10)
      expect(events.map(({ messageId, state, supersededBy }) => [messageId, state, supersededBy])).toEqual([
        ['m3', 'delivered', undefined],
        ['m1', 'delivered', undefined],
        ['m2', 'superseded', 'm3']
      ])
    })
  })

  test('an event that arrives after newer values were delivered ends as superseded, without a call', async () => {
    await withSender({}, async ({ store, sender, accept, dopt }) => {
      await sender.start()
      await accept(['ada', { plan: 'pro' }])
      await sender.drain()
      await accept(['ada', { plan: 'free' }, 60_000])
      await sender.drain()
      expect(dopt.calls).toHaveLength(1)
      expect(await store.getEvent('m2')).toMatchObject({ state: 'superseded', supersededBy: 'm1' })
    })
  })

  test('an old event does not win though retention has removed the newer one', async () => {
    await withSender({}, async ({ store, sender, accept, dopt, clock }) => {
      await sender.start()
      await accept(['ada', { plan: 'pro' }])
      await sender.drain()
      await clock.advance(1000)
      while ((await store.pruneStep({ deliveredBefore: clock.now() })).more);
      expect(await store.getEvent('m1')).toBeUndefined()
      await accept(['ada', { plan: 'free', city: 'Paris' }, 60_000])
      await sender.drain()
      expect(dopt.users.get('ada')).toEqual({ plan: 'pro', city: 'Paris' })
    })
  })
})

describe('one bad user costs one user', () => {
  const refuseAnyWith = (bad: Set<string>) => (entries: readonly { identifier: string }[]) =>
    entries.some(({ identifier }) => bad.has(identifier))
      ? { outcome: 'split' as const, status: 400, code: 'invalid_request_error', message: 'email is malformed' }
      : DELIVERED

  test('one offender among 100 is found in at most 15 calls and keeps the words of Dopt', async () => {
    for (const offender of ['user-0', 'user-37', 'user-99']) {
      await withSender({}, async ({ store, sender, accept, dopt }) => {
        dopt.answer = refuseAnyWith(new Set([offender]))
        await accept(...users(100))
        await sender.start()
        await sender.drain()
        expect(dopt.calls.length).toBeLessThanOrEqual(15)
        expect(dopt.users.size).toBe(99)
        const { events } = await store.books()
        expect(events).toMatchObject({ delivered: 99, failed: 1, pending: 0, retrying: 0 })
        const [failed] = await store.listBatches({ state: 'failed', limit: 5 })
        expect(failed).toMatchObject({
          users: 1,
          lastStatus: 400,
          lastCode: 'invalid_request_error',
          lastError: 'email is malformed'
        })
      })
    }
  })

  test('the state of splitting survives a crash', async () => {
    await withSender({ concurrency: 1 }, async (bench) => {
      const { accept, dopt, clock } = bench
      dopt.answer = refuseAnyWith(new Set(['user-60']))
      dopt.latencyMs = 100
      await accept(...users(100))
      await bench.sender.start()
      void bench.sender.drain()
      await clock.advance(450)
      const before = dopt.calls.length
      expect(before).toBe(4)
      await bench.restart()
      const drained = bench.sender.drain()
      await clock.advance(5000)
      await drained
      // The call that was in flight at the crash is made again; nothing that was settled is.
      expect(dopt.calls.length).toBeLessThanOrEqual(16)
      expect((await bench.store.books()).events).toMatchObject({ delivered: 99, failed: 1, pending: 0 })
    })
  })

  test('a whole batch of bad users fails user by user', async () => {
    await withSender({}, async ({ store, sender, accept, dopt }) => {
      dopt.answer = () => ({ outcome: 'split', status: 422 })
      await accept(...users(20))
      await sender.start()
      await sender.drain()
      expect((await store.books()).events.failed).toBe(20)
      expect(dopt.calls).toHaveLength(39)
    })
  })

  test('a user too large to send fails alone, without a call', async () => {
    await withSender({ maxBodyBytes: 2000 }, async ({ store, sender, accept, dopt }) => {
      await accept(['ada', { a: 1 }], ['huge', { note: 'x'.repeat(3000) }], ['eve', { a: 2 }])
      await sender.start()
      await sender.drain()
      expect([...dopt.users.keys()].sort()).toEqual(['ada', 'eve'])
      expect(dopt.calls.flatMap((call) => call.identifiers)).not.toContain('huge')
      expect(await store.listBatches({ state: 'failed', limit: 5 })).toMatchObject([
        { users: 1, lastCode: 'user_too_large' }
      ])
    })
  })

  test.each<[string, Partial<CallResult>, 'retrying' | 'failed']>([
    ['a server error follows', { status: 500, code: 'internal' }, 'failed'],
    // Whether Dopt has taken the user is not known, so that one is tried on.
    ['a broken connection follows', { code: 'network_error' }, 'retrying']
  ])('a batch that %s while others pass is taken apart, and costs its one bad user only', async (_, trouble, end) => {
    await withSender({ batchSize: 4, concurrency: 1 }, async ({ store, sender, accept, dopt, clock }) => {
      dopt.answer = (entries) =>
        entries.some(({ identifier }) => identifier === 'poison') ? { outcome: 'retry', ...trouble } : DELIVERED
      await accept(['poison', { a: 1 }], ...users(3))
      await sender.start()
      for (let round = 0; round < 40; round++) {
        await accept(...users(4, `other-${round}`))
        await sender.drain()
        await clock.advance(30_000)
      }
      const arrived = ['user-0', 'user-1', 'user-2', 'poison'].map((user) => dopt.users.has(user))
      expect(arrived).toEqual([true, true, true, false])
      expect((await store.books()).events).toMatchObject({ pending: 0, [end]: 1, delivered: 163 })
    })
  })

  test('a clock that is set back stops nothing', async () => {
    await withSender({}, async ({ sender, accept, dopt, clock }) => {
      await sender.start()
      await accept(...users(100))
      await sender.drain()
      await accept(['ada', { plan: 'pro' }])
      clock.setBack(3_600_000)
      await accept(...users(100, 'later'))
      sender.wake()
      await clock.advance(2000)
      expect(dopt.users.size).toBe(201)
    })
  })
})

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
