import { DELIVERED } from '../helpers/fake-dopt.js'
import { withSender } from '../helpers/with-sender.js'

const ADA = 'ada-lovelace-1'

describe('of Dopt’s words nothing is left that tells of who is forgotten', () => {
  test('in the endpoint’s last error', async () => {
    await withSender({}, async ({ sender, store, accept, dopt }) => {
      dopt.answer = () => ({ outcome: 'retry', status: 503, retryAfterMs: 60_000, message: `${ADA} is stuck` })
      await accept([ADA, { plan: 'pro' }])
      await sender.start()
      await sender.drain()
      expect((await store.books()).endpoint?.lastError).toContain(ADA)
      await store.forget(ADA)
      expect(JSON.stringify((await store.books()).endpoint ?? {})).not.toContain(ADA)
    })
  })

  test.each([
    ['an id', `as ${ADA}`],
    ['a number', 'phone 4915112345678 is taken'],
    ['a text with other blanks', 'somebody lives at 12 Elm Street']
  ])('in another user’s batch that failed: %s', async (_what, words) => {
    await withSender({}, async ({ sender, store, accept, dopt }) => {
      dopt.answer = (users) =>
        users.some(({ identifier }) => identifier === 'bob')
          ? { outcome: 'reject', status: 418, message: words }
          : DELIVERED
      await accept(['bob', { plan: 'pro' }])
      await sender.start()
      await sender.drain()
      await accept([ADA, { phone: 4_915_112_345_678, street: '12  Elm\nStreet' }])
      await sender.drain()
      const [failed] = await store.listBatches({ state: 'failed', limit: 1 })
      const told = async (): Promise<string> => JSON.stringify(await store.getBatch(failed?.id ?? 0))
      expect(await told()).toContain(words)
      await store.forget(ADA)
      expect(await told()).not.toContain(words)
    })
  })

  test('but words that only share a letter or two with it stay', async () => {
    await withSender({}, async ({ sender, store, accept, dopt }) => {
      dopt.answer = (users) =>
        users.some(({ identifier }) => identifier === 'bob')
          ? { outcome: 'reject', status: 418, message: 'not acceptable' }
          : DELIVERED
      await accept(['bob', { plan: 'pro' }], [ADA, { country: 'no', floor: 1 }])
      await sender.start()
      await sender.drain()
      await accept(['bob', { plan: 'pro' }])
      await sender.drain()
      await store.forget(ADA)
      const [failed] = await store.listBatches({ state: 'failed', limit: 1 })
      expect(failed?.lastError).toBe('not acceptable')
    })
  })
})
