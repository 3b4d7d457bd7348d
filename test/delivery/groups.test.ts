import type { NewPart } from '../../src/store/store.js'
import { DELIVERED } from '../helpers/fake-dopt.js'
import { withSender } from '../helpers/with-sender.js'

const group = (identifier: string, properties: object = {}): NewPart => ({
  ...{ subject: 'group', identifier },
  properties: JSON.stringify(properties)
})
const user = (identifier: string, ...groups: string[]): NewPart => ({ identifier, properties: '{}', groups })

const BATCH = { api: 'batch' } as const

describe('sending groups', () => {
  test('a group goes out, then its user with it, and is one event', async () => {
    await withSender(BATCH, async ({ sender, acceptParts, dopt, store }) => {
      await acceptParts([group('acme', { plan: 'pro' }), user('ada', 'acme')], [user('ben')])
      await sender.start()
      await sender.drain()
      expect(dopt.calls.map(({ identifiers }) => identifiers)).toEqual([['group acme'], ['ben'], ['ada']])
      expect(Object.fromEntries(dopt.groups)).toEqual({ acme: { plan: 'pro' } })
      expect([...dopt.memberships]).toEqual(['ada in acme'])
      expect(sender.totals).toEqual({ calls: 3, users: 2, groups: 1, delivered: 2, superseded: 0, failed: 0 })
      expect((await store.books()).events).toMatchObject({ delivered: 2, pending: 0 })
    })
  })

  test('a group that Dopt refuses fails alone, and its event waits for a replay', async () => {
    await withSender(BATCH, async ({ sender, acceptParts, dopt, store }) => {
      const refusal = { outcome: 'split', status: 400, code: 'invalid_request_error', message: 'no' } as const
      dopt.answerGroup = ({ identifier }) => (identifier === 'bad' ? refusal : DELIVERED)
      await acceptParts([group('bad'), user('ada', 'bad')], [group('good'), user('ben', 'good')])
      await sender.start()
      await sender.drain()
      expect([...dopt.memberships]).toEqual(['ben in good'])
      expect(sender.totals).toMatchObject({ delivered: 1, failed: 1, groups: 1, users: 1 })

      dopt.answerGroup = () => DELIVERED
      await store.replay({}, 0)
      await sender.drain()
      expect([...dopt.memberships]).toEqual(['ben in good', 'ada in bad'])
      expect((await store.books()).events).toMatchObject({ delivered: 2, failed: 0 })
    })
  })

  test('a group is never in two calls at a time', async () => {
    await withSender(BATCH, async ({ sender, acceptParts, dopt, clock }) => {
      dopt.latencyMs = 50
      await sender.start()
      for (let round = 0; round < 6; round++) {
        await acceptParts([group('acme', { round }), user('ada', 'acme')], [group(`g${round}`)])
        sender.wake()
        await clock.advance(20)
      }
      const drained = sender.drain()
      await clock.advance(5000)
      await drained
      expect(dopt.collisions).toEqual([])
      expect(dopt.groups.get('acme')).toEqual({ round: 5 })
    })
  })
})

describe('groups that an earlier run took in, sent with the setting api: bulk', () => {
  test('fail in words that name the setting, without a call, and are there for a replay', async () => {
    await withSender(BATCH, async (bench) => {
      await bench.acceptParts([group('acme'), user('ada', 'acme')], [user('ben', 'acme')], [user('cy')])
      const sender = await bench.restart({ api: 'bulk' })
      await sender.drain()
      expect(bench.dopt.calls.map(({ identifiers }) => identifiers)).toEqual([['cy']])
      const { events, lastErrors } = await bench.store.books()
      expect(events).toMatchObject({ delivered: 1, failed: 2, pending: 0, retrying: 0 })
      expect(lastErrors.map(({ code }) => code)).toEqual(['groups_need_batch', 'groups_need_batch'])
      expect(lastErrors[0]?.error).toContain('api set to batch')
      expect(sender.totals).toMatchObject({ calls: 1, users: 1, delivered: 1, failed: 2 })
      expect(sender.health.record.state).toBe('ok')

      await (await bench.restart(BATCH)).drain()
      await bench.store.replay({}, 0)
      await bench.sender.drain()
      expect([...bench.dopt.memberships].sort()).toEqual(['ada in acme', 'ben in acme'])
      expect((await bench.store.books()).events).toMatchObject({ delivered: 3, failed: 0 })
    })
  })

  test('fail as well where a call for them had been tried', async () => {
    await withSender(BATCH, async (bench) => {
      bench.dopt.answer = () => ({ outcome: 'retry', status: 503 })
      await bench.acceptParts([user('ada', 'acme')])
      await bench.sender.start()
      await bench.sender.drain()
      const sender = await bench.restart({ api: 'bulk' })
      await sender.drain()
      expect(bench.dopt.calls).toHaveLength(1)
      expect((await bench.store.books()).events).toMatchObject({ failed: 1, retrying: 0 })
    })
  })
})
