import { statSync } from 'node:fs'
import { Retention } from '../../src/delivery/retention.js'
import { silentLogger } from '../../src/delivery/logger.js'
import { withSender } from '../helpers/with-sender.js'

const RETENTION_MS = 120_000
const many = (from: number, count: number): Array<[string, Record<string, unknown>]> =>
  Array.from({ length: count }, (_, index) => [`user-${from + index}`, { note: 'n'.repeat(400) }])

test('delivered events are removed after their time, failed ones stay, and the disk gets the space back', async () => {
  await withSender({}, async ({ store, sender, accept, dopt, clock }) => {
    dopt.answer = (users) =>
      users.some(({ identifier }) => identifier === 'user-7')
        ? { outcome: 'split', status: 400 }
        : { outcome: 'delivered' }
    await accept(...many(0, 2000))
    await sender.start()
    await sender.drain()
    const before = await store.books()
    expect(before.events).toMatchObject({ delivered: 1999, failed: 1 })

    const retention = new Retention(store, { retentionMs: RETENTION_MS }, clock, silentLogger)
    retention.start()
    await clock.advance(RETENTION_MS - 60_000)
    expect((await store.eventsOfUser('user-1', 1)).total).toBe(1)
    await clock.advance(120_000)
    await retention.stop()

    const after = await store.books()
    expect(after.events).toEqual(before.events)
    expect((await store.eventsOfUser('user-1', 1)).total).toBe(0)
    expect((await store.eventsOfUser('user-7', 1)).total).toBe(1)
    await store.close()
    const { bytes } = before
    expect(statSync(store.location).size).toBeLessThan(bytes / 2)
  })
}, 60_000)

test('near the limit of the store delivered events go before their time, and at once; pending ones never', async () => {
  await withSender({}, async ({ store, sender, accept, clock }) => {
    await accept(...many(0, 1000))
    await sender.start()
    await sender.drain()
    await accept(...many(1000, 100))
    const { bytes } = await store.usage()
    const tight = Object.create(store, {
      usage: { value: async () => ({ ...(await store.usage()), maxBytes: bytes }) }
    }) as typeof store
    const limited = Object.assign(tight, {
      pruneStep: (options: { deliveredBefore?: number }) => store.pruneStep(options),
      reclaimStep: () => store.reclaimStep()
    })
    const retention = new Retention(limited, { retentionMs: RETENTION_MS }, clock, silentLogger)
    retention.start()
    await clock.advance(1000)
    await retention.stop()
    const { bytes: left } = await store.usage()
    expect(left).toBeLessThanOrEqual(bytes * 0.9)
    expect(left).toBeGreaterThan(bytes * 0.5)
    expect((await store.books()).events.delivered).toBe(1100)
    expect((await store.eventsOfUser('user-1050', 1)).total).toBe(1)
  })
})
