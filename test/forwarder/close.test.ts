import { inspect } from 'node:util'
import { doptPlugin } from '../../src/intake/plugin/dopt-plugin.js'
import { expectBalanced } from '../helpers/expect-balanced.js'
import { withServer } from '../helpers/with-server.js'
import { identify, KEY, withForwarders } from './with-forwarder.js'

const settled = { giveUpAfterMs: 5000 }
const users = (count: number): Record<string, unknown>[] =>
  Array.from({ length: count }, (_, n) => identify(`u${n}`, { n }))

describe('a forwarder that is logged', () => {
  it('does not show the API key', async () => {
    await withForwarders({}, async ({ create }) => {
      const forwarder = await create()
      const plugin = doptPlugin({ apiKey: KEY, store: ':unused:' })
      for (const shown of [forwarder, forwarder.sender, forwarder.sender?.health, plugin]) {
        expect(inspect(shown, { depth: 20, showHidden: true })).not.toContain(KEY)
        expect(JSON.stringify(shown)).not.toContain(KEY)
      }
    })
  })
})

describe('close', () => {
  it('lets calls in flight end, and writes down what became of them', async () => {
    await withForwarders({ latencyMs: 60 }, async ({ create, sandbox }) => {
      const forwarder = await create({ flushIntervalMs: 0 })
      await forwarder.accept(users(3))
      while (sandbox.users.size === 0) await new Promise((resolve) => setTimeout(resolve, 2))
      await forwarder.close()
      const second = await create()
      expect((await second.books()).events).toMatchObject({ delivered: 3, pending: 0, retrying: 0 })
      expect(sandbox.stats.calls).toBe(1)
    })
  })

  it('cuts calls short after its deadline; the next forwarder delivers them', async () => {
    await withForwarders({}, async ({ create, sandbox }) => {
      let calls = 0
      let called: () => void = () => undefined
      const firstCall = new Promise<void>((resolve) => (called = resolve))
      const silent = (): void => {
        calls++
        called()
      }
      await withServer(silent, async ({ url }) => {
        const forwarder = await create({ endpoint: url, flushIntervalMs: 0, batchSize: 2, concurrency: 2 })
        await forwarder.accept(users(5))
        await firstCall
        await forwarder.close({ deadlineMs: 1 })
      })
      expect(calls).toBeGreaterThan(0)

      const second = await create()
      const { events } = await second.books()
      expect(events.delivered + events.pending + events.sending + events.retrying).toBe(5)
      expect(await second.untilSettled(settled)).toBe('settled')
      expect([...sandbox.users.keys()].sort()).toEqual(['u0', 'u1', 'u2', 'u3', 'u4'])
      expectBalanced(await second.books())
    })
  })

  it('loses nothing that was accepted while calls are in flight, whenever it comes', async () => {
    await withForwarders({ latencyMs: 5 }, async ({ create, sandbox }) => {
      let accepted = 0
      for (let round = 0; round < 8; round++) {
        const forwarder = await create({ flushIntervalMs: 0, batchSize: 3, concurrency: 2 })
        const events = Array.from({ length: 20 }, (_, n) => identify(`r${round}-u${n}`))
        const receipts = events.map((event) => forwarder.accept(event).catch(() => undefined))
        await new Promise((resolve) => setTimeout(resolve, round * 3))
        await forwarder.close({ deadlineMs: 0 })
        for (const receipt of await Promise.all(receipts)) accepted += receipt?.accepted ?? 0
      }
      const last = await create()
      expect(await last.untilSettled(settled)).toBe('settled')
      const books = await last.books()
      expectBalanced(books)
      expect(books.events).toMatchObject({ delivered: accepted, failed: 0 })
      expect(sandbox.users.size).toBe(accepted)
    })
  })

  it('may be asked for twice, and while it is at work', async () => {
    await withForwarders({}, async ({ create }) => {
      const forwarder = await create()
      await forwarder.accept(users(3))
      await Promise.all([forwarder.close(), forwarder.close()])
      await expect(forwarder.close()).resolves.toBeUndefined()
    })
  })

  it('lets go of the store: another may send at once', async () => {
    await withForwarders({}, async ({ create, sandbox }) => {
      for (let round = 0; round < 3; round++) {
        const forwarder = await create()
        await forwarder.accept(identify(`u${round}`))
        await forwarder.drain()
        await forwarder.close()
      }
      expect(sandbox.users.size).toBe(3)
    })
  })
})

describe('what one forwarder stored without sending', () => {
  it('is delivered by the next that sends', async () => {
    await withForwarders({}, async ({ create, sandbox }) => {
      const storing = await create({ send: false, apiKey: undefined })
      await storing.accept(users(3))
      await storing.close()
      const sending = await create()
      expect(await sending.untilSettled(settled)).toBe('settled')
      expect(sandbox.users.size).toBe(3)
    })
  })

  it('is delivered by one that already sends from the same store', async () => {
    await withForwarders({}, async ({ create, sandbox }) => {
      const sending = await create({ flushIntervalMs: 0 })
      const storing = await create({ send: false, apiKey: undefined })
      await storing.accept(users(3))
      expect(await sending.untilSettled(settled)).toBe('settled')
      expect(sandbox.users.size).toBe(3)
    })
  })
})
