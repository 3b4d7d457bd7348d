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
})
