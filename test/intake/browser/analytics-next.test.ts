import { join } from 'node:path'
import { createForwarder, type Forwarder } from '../../../src/forwarder.js'
import { startIntake } from '../../../src/intake/http/listen.js'
import { startSandbox } from '../../../src/sandbox/index.js'
import { StoreError } from '../../../src/store/errors.js'
import { until } from '../../faults/until.js'
import { withTempDir } from '../../helpers/temp-dir.js'
import { accepting, withListeningIntake } from '../http/with-intake.js'
import { describeWithBrowser, withBrowser, withPage } from './with-browser.js'

const writeKey = 'browser-key'

const STRATEGIES = [
  ['one by one', undefined, ['/v1/i', '/v1/i', '/v1/t']],
  ['in batches', { strategy: 'batching', config: { size: 3, timeout: 60_000 } }, ['/v1/b', '/v1/b', '/v1/b']]
] as const

async function received(forwarder: Forwarder): Promise<number> {
  return (await forwarder.books()).intake.received
}

describeWithBrowser("Segment's browser SDK, in a page of another origin", () => {
  it.each(STRATEGIES)('sends users through to Dopt %s', async (_how, deliveryStrategy, routes) => {
    await withTempDir(async (dir) => {
      const sandbox = await startSandbox({ port: 0 })
      const options = { endpoint: sandbox.url, apiKey: 'sandbox-key', store: join(dir, 'store.db'), flushIntervalMs: 0 }
      const forwarder = await createForwarder(options)
      // Asked of the intake: the browser tells its driver of a request at its own leisure, at times after the user is in Dopt.
      const cameBy: string[] = []
      const noting = accepting((events) => {
        cameBy.push(...events.map(({ source }) => source.replace(/^POST (\S+) .*/, '$1')))
        return forwarder.acceptSourced(events)
      })
      const needs = { forwarder: noting(forwarder), readStatus: () => forwarder.books() }
      const intake = await startIntake(needs, { port: 0, writeKeys: [writeKey] })
      const settings = { writeKey, host: intake.url, ...(deliveryStrategy && { deliveryStrategy }) }
      try {
        await withBrowser((browser) =>
          withPage(browser, settings, async ({ run, console }) => {
            // The SDK makes all three within a millisecond when it has loaded, and requests may overtake each other then.
            const at = (second: number): string => `{ timestamp: new Date(Date.UTC(2026, 0, 1, 0, 0, ${second})) }`
            await run(`analytics.identify('user-1', { plan: 'pro', address: { city: 'Zürich' } }, ${at(1)})`)
            await run(`analytics.track('Bought', { price: 3 })`)
            await run(`analytics.identify('user-1', { plan: 'team' }, ${at(2)})`)
            await until(async () => (await received(forwarder)) === 3, `three events: ${console.join('\n')}`)
            await until(() => sandbox.users.get('user-1')?.['plan'] === 'team', 'the user in Dopt')

            expect(sandbox.users.get('user-1')).toEqual({ plan: 'team', address_city: 'Zürich' })
            expect((await forwarder.books()).intake).toMatchObject({ accepted: 2, rejected: 0, ignored: { type: 1 } })
            expect(cameBy.sort()).toEqual(routes)
            expect(console).toEqual([])
          })
        )
      } finally {
        await intake.close({ deadlineMs: 0 })
        await forwarder.close()
        await sandbox.close()
      }
    })
  })

  it.each(STRATEGIES)('sends again %s what was answered with a 503', async (_how, strategy) => {
    let refusals = 1
    const wrap = accepting((events, forwarder) =>
      refusals-- > 0 ? Promise.reject(new StoreError('busy', 'busy')) : forwarder.acceptSourced(events)
    )
    await withListeningIntake({ wrap, writeKeys: [writeKey] }, async ({ url }, forwarder) => {
      const deliveryStrategy = strategy && { ...strategy, config: { size: 1, timeout: 10 } }
      await withBrowser((browser) =>
        withPage(
          browser,
          { writeKey, host: url, ...(deliveryStrategy && { deliveryStrategy }) },
          async ({ page, run }) => {
            const statuses: string[] = []
            page.on('response', (response) => {
              const again = response.request().headers()['x-retry-count'] ?? 'none'
              if (response.request().method() === 'POST') statuses.push(`${response.status()} after ${again}`)
            })
            await run(`analytics.identify('user-1', { plan: 'pro' })`)
            await until(() => statuses.length >= 2, 'the second answer', 25_000)
            expect(statuses).toEqual(['503 after none', '200 after 1'])
            expect(await received(forwarder)).toBe(1)
          }
        )
      )
    })
  })

  it('sends what is left when the page is closed', async () => {
    const deliveryStrategy = { strategy: 'batching', config: { size: 100, timeout: 60_000 } }
    await withListeningIntake({ writeKeys: [writeKey] }, async ({ url }, forwarder) => {
      await withBrowser((browser) =>
        withPage(browser, { writeKey, host: url, deliveryStrategy }, async ({ page, run }) => {
          await run(`analytics.identify('user-1', { plan: 'pro' }).then(() => (document.title = 'buffered'))`)
          await until(async () => (await page.title()) === 'buffered', 'the SDK to take the event')
          expect(await received(forwarder)).toBe(0)
          await page.close({ runBeforeUnload: true })
          await until(async () => (await received(forwarder)) === 1, 'the event of the closed page')
        })
      )
    })
  })

  it('is told of a write key that nobody knows, and sends nothing', async () => {
    await withListeningIntake({ writeKeys: ['another'] }, async ({ url }, forwarder) => {
      await withBrowser((browser) =>
        withPage(browser, { writeKey, host: url }, async ({ run, console }) => {
          await run(`analytics.identify('user-1')`)
          await until(() => console.length > 0, 'words in the console')
          expect(console.join('\n')).toMatch(/404/)
          expect(await received(forwarder)).toBe(0)
        })
      )
    })
  })
})
