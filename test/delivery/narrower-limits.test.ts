import { DELIVERED } from '../helpers/fake-dopt.js'
import { startInOutage, users, withSender } from '../helpers/with-sender.js'

describe('a batch that an earlier run, with wider limits, has left', () => {
  test('goes out in calls of no more users than a call may have now', async () => {
    await withSender({}, async (bench) => {
      const sent = await startInOutage(bench, ...users(10))

      bench.dopt.answer = () => DELIVERED
      const sender = await bench.restart({ batchSize: 3 })
      await sender.drain()
      expect(
        bench.dopt.calls
          .slice(sent)
          .map(({ identifiers }) => identifiers.length)
          .sort()
      ).toEqual([2, 2, 3, 3])
      expect(sender.totals).toMatchObject({ calls: 4, delivered: 10, failed: 0 })
    })
  })

  test('goes out in calls of no more bytes, but for a user who is larger alone', async () => {
    await withSender({}, async (bench) => {
      const sent = await startInOutage(bench, ...users(3), ['large', { text: 'x'.repeat(200) }])

      bench.dopt.answer = () => DELIVERED
      const sender = await bench.restart({ maxBodyBytes: 200 })
      await sender.drain()
      const calls = bench.dopt.calls.slice(sent)
      expect(calls.flatMap(({ identifiers }) => identifiers).sort()).toEqual(['user-0', 'user-1', 'user-2'])
      expect(sender.totals).toMatchObject({ delivered: 3, failed: 1 })
      const { lastErrors } = await bench.store.books()
      expect(lastErrors[0]).toMatchObject({ code: 'user_too_large', status: undefined })
      expect(lastErrors[0]?.error).toMatch(/^the user is 24\d bytes, more than the 200 that a call may have/)
    })
  })
})
