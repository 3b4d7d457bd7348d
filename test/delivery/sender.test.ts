import type { CallResult } from '../../src/dopt/call-result.js'
import { DELIVERED } from '../helpers/fake-dopt.js'
import { users, withSender } from '../helpers/with-sender.js'

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
})
