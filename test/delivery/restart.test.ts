import { DELIVERED } from '../helpers/fake-dopt.js'
import { startInOutage, users, withSender, type SenderBench } from '../helpers/with-sender.js'

const endpointOf = async ({ store }: SenderBench) => (await store.books()).endpoint

describe('a start during an outage', () => {
  test('does not call the endpoint ok before a call has succeeded', async () => {
    await withSender({ batchSize: 1 }, async (bench) => {
      await startInOutage(bench, ...users(5))
      const before = await endpointOf(bench)
      expect(before).toMatchObject({ state: 'backing-off', lastError: '503 down' })

      await bench.clock.advance(60_000)
      const calls = bench.dopt.calls.length
      bench.dopt.latencyMs = 1000
      const sender = await bench.restart()
      expect(await endpointOf(bench)).toMatchObject({
        state: 'backing-off',
        since: before?.since,
        lastError: '503 down'
      })
      await bench.clock.advance(1500)
      expect(bench.dopt.calls).toHaveLength(calls + 1)
      expect(sender.health.record).toMatchObject({ state: 'backing-off', since: before?.since })

      bench.dopt.answer = () => DELIVERED
      await bench.clock.advance(30_000)
      expect(await endpointOf(bench)).toMatchObject({ state: 'ok' })
      expect(sender.totals.delivered).toBe(5)
    })
  })

  test('probes at once, and goes on where the outage is over', async () => {
    await withSender({ batchSize: 1 }, async (bench) => {
      await startInOutage(bench, ...users(5))

      bench.dopt.answer = () => DELIVERED
      const sender = await bench.restart()
      await sender.drain()
      expect(sender.totals.delivered).toBe(5)
      expect(sender.health.record).toMatchObject({ state: 'ok', lastError: undefined })
    })
  })

  test('is like any other where nothing waits', async () => {
    await withSender({ batchSize: 1 }, async (bench) => {
      const since = bench.clock.now()
      await bench.sender.start()
      await bench.store.saveEndpoint({ state: 'backing-off', since, lastError: '503', nextProbeAt: since })
      const sender = await bench.restart()
      expect(sender.health.record.state).toBe('ok')
    })
  })

  test.each([['goes on'], ['is restarted']])('asks without users when nothing is left to send, and %s', async (how) => {
    await withSender({ batchSize: 1 }, async (bench) => {
      await startInOutage(bench, ['u', {}])
      bench.dopt.answerKeyCheck = () => ({ outcome: 'retry', status: 503, message: 'down' })
      await bench.clock.advance(10_000)
      await bench.store.forget('u')
      const sender = how === 'goes on' ? bench.sender : await bench.restart()
      const { length } = bench.dopt.calls

      await bench.clock.advance(600_000)
      expect(sender.health.record).toMatchObject({ state: 'backing-off', lastError: '503 down' })
      // One after the longest pause, of a minute at most, and not one at every look.
      expect(bench.dopt.keyChecks).toBeGreaterThan(8)
      expect(bench.dopt.keyChecks).toBeLessThan(60)

      bench.dopt.answerKeyCheck = () => DELIVERED
      await bench.clock.advance(61_000)
      expect(await endpointOf(bench)).toMatchObject({ state: 'ok' })
      expect(bench.dopt.calls).toHaveLength(length)
    })
  })
})
