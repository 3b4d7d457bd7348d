import { Analytics } from '@segment/analytics-node'
import { createForwarder } from '../../../src/forwarder.js'
import { startIntake, type HttpIntake } from '../../../src/intake/http/listen.js'
import { startSandbox } from '../../../src/sandbox/index.js'
import { StoreError } from '../../../src/store/errors.js'
import { withTempDir } from '../../helpers/temp-dir.js'
import { accepting, withForwarder, withListeningIntake } from './with-intake.js'

const writeKey = 'the-write-key'

interface Delivered {
  failed: unknown[]
  statuses: number[]
}

/** Runs `use` with Segment's Node SDK, pointed at the server and otherwise as it comes, and flushes it. */
async function withSdk(
  host: string,
  use: (analytics: Analytics) => Promise<void> | void,
  settings: { flushAt?: number } = {}
): Promise<Delivered> {
  const analytics = new Analytics({ writeKey, host, ...settings })
  const seen: Delivered = { failed: [], statuses: [] }
  analytics.on('error', (error) => seen.failed.push(error.reason))
  analytics.on('http_response', ({ status }) => seen.statuses.push(status))
  await use(analytics)
  await analytics.closeAndFlush({ timeout: 20_000 })
  return seen
}

describe("Segment's Node SDK", () => {
  it('sends users through to Dopt with no setting but the host', async () => {
    await withTempDir(async (dir) => {
      const sandbox = await startSandbox({ port: 0 })
      const options = { endpoint: sandbox.url, apiKey: 'sandbox-key', store: `${dir}/store.db`, flushIntervalMs: 0 }
      const forwarder = await createForwarder(options)
      const intake = await startIntake(
        { forwarder, readStatus: () => forwarder.books() },
        { port: 0, writeKeys: [writeKey] }
      )
      try {
        const seen = await withSdk(intake.url, (analytics) => {
          for (let n = 0; n < 40; n++)
            analytics.identify({ userId: `user-${n}`, traits: { n, address: { city: 'Zürich' } } })
          analytics.identify({ userId: 'user-1', traits: { n: 'newer' } })
          analytics.track({ userId: 'user-1', event: 'Bought' })
          analytics.group({ userId: 'user-1', groupId: 'g', traits: { name: 'Group' } })
          analytics.identify({ anonymousId: 'nobody', traits: { n: 1 } })
          analytics.identify({ userId: 'excluded', integrations: { Dopt: false } })
        })
        expect(seen).toEqual({ failed: [], statuses: [200, 200, 200] })
        await forwarder.untilSettled({ giveUpAfterMs: 5000 })

        expect(sandbox.users.size).toBe(40)
        expect(sandbox.users.get('user-1')).toEqual({ n: 'newer', address_city: 'Zürich' })
        expect((await forwarder.books()).intake).toMatchObject({
          ...{ received: 45, accepted: 41, duplicates: 0, rejected: 0 },
          ignored: { type: 2, 'no-identifier': 1, integrations: 1 }
        })
      } finally {
        await intake.close()
        await forwarder.close()
        await sandbox.close()
      }
    })
  })

  it('sends again what it could not send while the server restarted', async () => {
    await withForwarder({}, async (forwarder) => {
      const needs = { forwarder, readStatus: () => forwarder.books() }
      const first = await startIntake(needs, { port: 0 })
      const port = Number(new URL(first.url).port)

      let second: HttpIntake | undefined
      const seen = await withSdk(
        first.url,
        async (analytics) => {
          await new Promise((resolve) => analytics.identify({ userId: 'before' }, resolve))
          await first.close()
          // It reaches nobody at first, and is tried again half a second later.
          analytics.identify({ userId: 'meanwhile' })
          await new Promise((resolve) => setTimeout(resolve, 100))
          second = await startIntake(needs, { port })
        },
        { flushAt: 1 }
      )
      await second?.close()

      expect(seen).toEqual({ failed: [], statuses: [200, 200] })
      expect((await forwarder.books()).intake).toMatchObject({ accepted: 2, duplicates: 0 })
    })
  })

  it('keeps what was answered with a 503, and loses nothing by it', async () => {
    let refusals = 1
    const wrap = accepting((events, forwarder) =>
      refusals-- > 0 ? Promise.reject(new StoreError('full', 'full')) : forwarder.acceptSourced(events)
    )
    await withListeningIntake({ wrap }, async ({ url }, forwarder) => {
      const seen = await withSdk(url, (analytics) => analytics.identify({ userId: 'u' }))
      expect(seen).toEqual({ failed: [], statuses: [503, 200] })
      expect((await forwarder.books()).intake.accepted).toBe(1)
    })
  })

  it('is told of a wrong key, and gives the events up: keys are to be added before old ones go', async () => {
    await withListeningIntake({ writeKeys: ['another'] }, async ({ url }, forwarder) => {
      const seen = await withSdk(url, (analytics) => analytics.identify({ userId: 'u' }))
      expect(seen.statuses).toEqual([401])
      expect(seen.failed).toHaveLength(1)
      expect((await forwarder.books()).intake.received).toBe(0)
    })
  })
})
