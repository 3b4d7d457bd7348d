import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Receipt } from '../../src/forwarder.js'
import { SqliteStore } from '../../src/store/sqlite-store.js'
import { expectBalanced } from '../helpers/expect-balanced.js'
import { identify, KEY, withForwarders } from './with-forwarder.js'

function expectSum({ received, accepted, duplicates, rejected, ignored, ignoredReasons, rejections }: Receipt): void {
  expect(accepted + duplicates + rejected + ignored).toBe(received)
  expect(Object.values(ignoredReasons).reduce((a, b) => a + b, 0)).toBe(ignored)
  expect(rejections).toHaveLength(rejected)
}

const MIXED = [
  identify('ann', { plan: 'pro' }),
  { type: 'track', userId: 'ann', event: 'Clicked' },
  { type: 'identify', userId: 'ben', messageId: 'twice', traits: {} },
  { type: 'identify', userId: 'ben', messageId: 'twice', traits: {} },
  { type: 'identify', anonymousId: 'x' },
  { type: 'identify', userId: 'cat', traits: 'text' },
  { type: 'identify', userId: 'dan', integrations: { All: false } },
  7,
  { userId: 'eve' }
]

describe('accept', () => {
  it('takes one event, and says so', async () => {
    await withForwarders({}, async ({ create }) => {
      const receipt = await (await create({ send: false })).accept(identify('ann'))
      expect(receipt).toEqual({
        received: 1,
        accepted: 1,
        duplicates: 0,
        rejected: 0,
        ignored: 0,
        ignoredReasons: {},
        rejections: [],
        range: { first: 1, last: 1 }
      })
    })
  })

  it('takes all sorts, and accounts for each', async () => {
    await withForwarders({}, async ({ create }) => {
      const forwarder = await create({ send: false })
      const receipt = await forwarder.accept(MIXED)
      expectSum(receipt)
      expect(receipt).toMatchObject({
        received: 9,
        accepted: 2,
        duplicates: 1,
        rejected: 3,
        ignored: 3,
        ignoredReasons: { type: 1, 'no-identifier': 1, integrations: 1 }
      })
      expect(receipt.rejections.map(({ index }) => index)).toEqual([5, 7, 8])
      const books = await forwarder.books()
      expectBalanced(books)
      expect(books.intake).toMatchObject({ received: 9, accepted: 2, duplicates: 1, rejected: 3 })
      expect(await forwarder.store.rejections(0, 9)).toMatchObject([
        { source: 'in process', raw: JSON.stringify(MIXED[5]), complete: true },
        { raw: '7' },
        { raw: '{"userId":"eve"}' }
      ])
    })
  })

  it('takes nothing, too', async () => {
    await withForwarders({}, async ({ create }) => {
      const forwarder = await create({ send: false })
      expect(await forwarder.accept([])).toMatchObject({ received: 0, accepted: 0, range: undefined })
    })
  })

  it.each([[undefined], [null], ['text']])('rejects %j, which is no event', async (value) => {
    await withForwarders({}, async ({ create }) => {
      const receipt = await (await create({ send: false })).accept(value)
      expectSum(receipt)
      expect(receipt).toMatchObject({ received: 1, rejected: 1 })
    })
  })

  it('takes what could not be parsed as a rejection with its source and place', async () => {
    await withForwarders({}, async ({ create }) => {
      const forwarder = await create({ send: false })
      const receipt = await forwarder.acceptSourced([
        { source: 'a.ndjson:1', value: { event: identify('ann') } },
        { source: 'a.ndjson:2', value: { malformed: 'not JSON', raw: '{"type', complete: false } },
        { source: 'a.ndjson:3', value: { event: 7 } }
      ])
      expectSum(receipt)
      expect(receipt.rejections).toMatchObject([{ index: 1, reason: 'not JSON' }, { index: 2 }])
      expect(await forwarder.store.rejections(0, 9)).toMatchObject([
        { source: 'a.ndjson:2', reason: 'not JSON', raw: '{"type', complete: false },
        { source: 'a.ndjson:3', raw: '7', complete: true }
      ])
    })
  })

  it('says of a rejected event whose text cannot be written down that it is not complete', async () => {
    await withForwarders({}, async ({ create }) => {
      const forwarder = await create({ send: false })
      const event: Record<string, unknown> = { type: 'identify', userId: 'ann', traits: 'text' }
      event.self = event
      expect(await forwarder.accept(event)).toMatchObject({ rejected: 1 })
      expect(await forwarder.store.rejections(0, 9)).toMatchObject([{ complete: false }])
    })
  })

  it('has committed what it accepted when it resolves', async () => {
    await withForwarders({}, async ({ create, file }) => {
      await (await create()).accept({ type: 'identify', userId: 'ann', messageId: 'm' })
      const other = SqliteStore.open(file)
      expect(await other.getEvent('m')).toBeDefined()
      await other.close()
    })
  })

  it('takes none of the events when the store is at its limit', async () => {
    await withForwarders({}, async ({ create }) => {
      const forwarder = await create({ send: false, maxStoreBytes: 1 })
      const refused = forwarder.accept(MIXED)
      await expect(refused).rejects.toMatchObject({ name: 'StoreError', code: 'limit', isPassing: true })
      expect((await forwarder.books()).intake.received).toBe(0)
    })
  })

  it('does not let one event that cannot be read keep out the others', async () => {
    await withForwarders({}, async ({ create }) => {
      const deep: unknown = JSON.parse(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`)
      const poison = { type: 'identify', userId: 'poison', context: deep }
      const receipt = await (await create({ send: false })).accept([identify('ann'), poison, identify('ben')])
      expectSum(receipt)
      expect(receipt.accepted).toBeGreaterThanOrEqual(2)
    })
  })

  it('is refused after close', async () => {
    await withForwarders({}, async ({ create }) => {
      const forwarder = await create()
      await forwarder.close()
      await expect(forwarder.accept(identify('ann'))).rejects.toMatchObject({ name: 'StoreError', code: 'closed' })
    })
  })

  it('leaves the API key in no file', async () => {
    await withForwarders({ failRate: 1, failStatus: 400 }, async ({ create, dir }) => {
      const forwarder = await create()
      await forwarder.accept([identify('ann'), identify('ben')])
      await forwarder.untilSettled({ giveUpAfterMs: 3000 })
      const names = readdirSync(dir)
      expect(names.length).toBeGreaterThanOrEqual(4)
      for (const name of names) expect(readFileSync(join(dir, name)).includes(KEY)).toBe(false)
    })
  })
})

describe('a forwarder that cannot be made', () => {
  it.each([[{ apiKey: '' }], [{ subscriptions: [] }]])('makes no store when %j is wrong', async (options) => {
    await withForwarders({}, async ({ create, file }) => {
      const refused = create(options)
      await expect(refused).rejects.toMatchObject({ name: 'ConfigurationError', code: 'configuration' })
      expect(existsSync(file)).toBe(false)
    })
  })

  it('leaves the one that sends from the store alone', async () => {
    await withForwarders({}, async ({ create, sandbox }) => {
      const first = await create()
      await expect(create()).rejects.toMatchObject({ name: 'StoreError', code: 'in-use' })
      await first.accept(identify('ann'))
      await first.drain()
      expect([...sandbox.users.keys()]).toEqual(['ann'])
      await first.close()
      await create()
    })
  })
})
