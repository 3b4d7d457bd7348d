import { expectBalanced } from '../helpers/expect-balanced.js'
import { GROUP_SUBSCRIPTIONS } from '../helpers/groups-config.js'
import { foldUsers } from '../helpers/independent-fold.js'
import { bodyOf, withServer } from '../helpers/with-server.js'
import { identify, withForwarders } from './with-forwarder.js'

const settled = { giveUpAfterMs: 5000 }

describe('drain', () => {
  it('resolves when everything due has been tried', async () => {
    await withForwarders({}, async ({ create, sandbox }) => {
      const forwarder = await create({ flushIntervalMs: 60_000 })
      const receipt = await forwarder.accept(Array.from({ length: 250 }, (_, n) => identify(`u${n}`, { n })))
      await forwarder.drain()
      expect(sandbox.users.size).toBe(250)
      expect(sandbox.stats).toMatchObject({ calls: 3, maxBatch: 100 })
      expect(forwarder.totals).toEqual({ calls: 3, users: 250, groups: 0, delivered: 250, superseded: 0, failed: 0 })
      const ranges = receipt.range === undefined ? [] : [receipt.range]
      expect(await forwarder.countStates(ranges)).toMatchObject({ delivered: 250, pending: 0 })
      expectBalanced(await forwarder.books())
    })
  })

  it('resolves at once when there is nothing, and for a forwarder that does not send', async () => {
    await withForwarders({}, async ({ create, sandbox }) => {
      const sending = await create()
      await sending.drain()
      await sending.close()
      const storing = await create({ send: false, apiKey: undefined })
      await storing.accept(identify('ann'))
      await storing.drain()
      expect(sandbox.stats.calls).toBe(0)
      expect(storing.totals).toMatchObject({ calls: 0 })
      expect((await storing.books()).events.pending).toBe(1)
    })
  })

  it('merges the events of one user and delivers the newest value of each trait', async () => {
    await withForwarders({}, async ({ create, sandbox }) => {
      const forwarder = await create()
      await forwarder.accept([
        { ...identify('ann', { plan: 'pro', seats: 2 }), timestamp: '2026-01-02T00:00:00Z' },
        { ...identify('ann', { plan: 'free', name: 'Ann' }), timestamp: '2026-01-01T00:00:00Z' }
      ])
      await forwarder.drain()
      expect(sandbox.users.get('ann')).toEqual({ plan: 'pro', seats: 2, name: 'Ann' })
      await forwarder.accept({ ...identify('ann', { seats: 1 }), timestamp: '2026-01-01T12:00:00Z' })
      await forwarder.drain()
      expect(sandbox.users.get('ann')).toMatchObject({ seats: 2 })
      expect(sandbox.stats.calls).toBe(1)
      expect(forwarder.totals).toMatchObject({ delivered: 2, superseded: 1 })
    })
  })
})

describe('delivery', () => {
  it('needs no drain: an event that was accepted goes out by itself, and soon', async () => {
    await withForwarders({}, async ({ create, sandbox }) => {
      const forwarder = await create({ flushIntervalMs: 1 })
      const acceptedAt = Date.now()
      await forwarder.accept(identify('ann'))
      while (sandbox.users.size === 0) await new Promise((resolve) => setTimeout(resolve, 5))
      // The sender looks around every second without being asked; this was faster.
      expect(Date.now() - acceptedAt).toBeLessThan(800)
      expect(await forwarder.untilSettled(settled)).toBe('settled')
    })
  })

  it('sends a group at once, though users wait for others to fill their batch', async () => {
    await withForwarders({}, async ({ create, sandbox }) => {
      const forwarder = await create({ api: 'batch', subscriptions: GROUP_SUBSCRIPTIONS, flushIntervalMs: 60_000 })
      await forwarder.accept(identify('ann'))
      const acceptedAt = Date.now()
      await forwarder.accept({ type: 'group', groupId: 'acme', traits: { plan: 'pro' }, messageId: 'group-1' })
      while (sandbox.groups.size === 0) await new Promise((resolve) => setTimeout(resolve, 5))
      // The sender looks around every second without being asked; this was faster.
      expect(Date.now() - acceptedAt).toBeLessThan(800)
      expect(sandbox.users.size).toBe(0)
    })
  })

  it('sends nothing again when the same events come again, to the same forwarder or a later one', async () => {
    await withForwarders({}, async ({ create, sandbox }) => {
      const events = [identify('ann'), identify('ben'), { type: 'identify', userId: 'no message id' }]
      const first = await create()
      await first.accept(events)
      await first.drain()
      expect(await first.accept(events)).toMatchObject({ accepted: 0, duplicates: 3 })
      await first.close()
      const second = await create()
      expect(await second.accept(events)).toMatchObject({ accepted: 0, duplicates: 3 })
      await second.drain()
      expect(sandbox.stats).toMatchObject({ calls: 1, users: 3 })
    })
  })

  it('costs one bad user one user, who can be replayed when it is mended', async () => {
    await withForwarders({ rejectUsers: ['u7'] }, async ({ create, sandbox }) => {
      const forwarder = await create()
      await forwarder.accept(Array.from({ length: 40 }, (_, n) => identify(`u${n}`, { n })))
      expect(await forwarder.untilSettled(settled)).toBe('settled')
      expect(forwarder.totals).toMatchObject({ delivered: 39, failed: 1 })
      expect(sandbox.users.has('u7')).toBe(false)
      expect((await forwarder.books()).lastErrors[0]).toMatchObject({ status: 400 })

      sandbox.setFaults({ rejectUsers: [] })
      expect(await forwarder.store.replay({}, Date.now())).toMatchObject({ events: 1, users: 1 })
      expect(await forwarder.untilSettled(settled)).toBe('settled')
      expect(sandbox.users.get('u7')).toEqual({ n: 7 })
      expectBalanced(await forwarder.books())
    })
  })

  it('ends, through failures and dropped connections, with what the events say', async () => {
    const faults = { failRate: 0.15, failStatus: 503, dropRate: 0.15 }
    await withForwarders(faults, async ({ create, sandbox }) => {
      const start = Date.UTC(2026, 0, 1)
      const events = Array.from({ length: 400 }, (_, n) => ({
        ...identify(`u${(n * 7) % 23}`, { [`k${n % 5}`]: n, n }),
        timestamp: new Date(start + ((n * 7919) % 400)).toISOString()
      }))
      const forwarder = await create({ batchSize: 10, flushIntervalMs: 0, concurrency: 3 })
      for (let at = 0; at < events.length; at += 40) await forwarder.accept(events.slice(at, at + 40))
      expect(await forwarder.untilSettled({ giveUpAfterMs: 10_000 })).toBe('settled')
      const expected = foldUsers(events.map((event) => JSON.stringify(event)))
      expect(Object.fromEntries(sandbox.users)).toEqual(Object.fromEntries(expected))
      const books = await forwarder.books()
      expectBalanced(books)
      expect(books.events.failed).toBe(0)
    })
  })

  it('never sends a body larger than maxBodyBytes', async () => {
    const lengths: number[] = []
    await withForwarders({}, async ({ create }) => {
      await withServer(
        (request, response) => {
          void bodyOf(request).then((body) => {
            const users: unknown = JSON.parse(body)
            lengths.push(Buffer.byteLength(body))
            response.end(JSON.stringify({ count: Array.isArray(users) ? users.length : 0 }))
          })
        },
        async ({ url }) => {
          const forwarder = await create({ endpoint: url, maxBodyBytes: 1024 })
          // Sizes of every kind, so that some calls come to the very limit.
          const events = Array.from({ length: 300 }, (_, n) => identify(`u${n}`, { text: 'x'.repeat((n * 37) % 300) }))
          await forwarder.accept(events)
          expect(await forwarder.untilSettled(settled)).toBe('settled')
          expect(forwarder.totals).toMatchObject({ delivered: 300, failed: 0 })
          await forwarder.close()
        }
      )
    })
    expect(Math.max(...lengths)).toBeLessThanOrEqual(1024)
    expect(Math.max(...lengths)).toBeGreaterThan(1000)
  })

  it('sends a user whose call is exactly maxBodyBytes, and fails one that is a byte more', async () => {
    const overhead = Buffer.byteLength('[{"__dopt_identifier":"u","t":""}]')
    for (const [extra, outcome] of [
      [0, { delivered: 1, failed: 0 }],
      [1, { delivered: 0, failed: 1 }]
    ] as const) {
      await withForwarders({}, async ({ create }) => {
        const forwarder = await create({ maxBodyBytes: 2000 })
        await forwarder.accept(identify('u', { t: 'x'.repeat(2000 - overhead + extra) }))
        await forwarder.drain()
        expect(forwarder.totals).toMatchObject(outcome)
      })
    }
  })
})
