import { retryRejected } from '../../src/cli/replay-rejected.js'
import { SqliteStore } from '../../src/store/sqlite-store.js'
import { withTempDir } from '../helpers/temp-dir.js'
import { identify, ndjson, STORE, usersOf, withDesk } from './desk.js'

const all = { since: 0, until: Number.MAX_SAFE_INTEGER }

describe('translating kept rejections again', () => {
  it.each(['m1', 12, 'long'.repeat(100)])('drops those whose events were corrected at their source: %p', (messageId) =>
    withDesk(async ({ run, books }) => {
      const [one, other] = [identify(1, { messageId: messageId }), identify(2)]
      const bad = [
        { ...one, traits: 'text' },
        { ...other, traits: 'text' }
      ]
      expect((await run(['forward', '--json'], { input: ndjson(bad) })).json()).toMatchObject({ rejected: 2 })
      await run(['forward'], { input: ndjson([one]) })
      expect((await books()).rejected).toBe(2)

      const dry = (await run(['replay', '--rejected', '--dry-run', '--json'])).json()
      expect(dry).toMatchObject({
        rejected: { kept: 2, accepted: 0, corrected: 1, rejected: 1, first: [{ source: 'stdin:2' }] }
      })
      expect((await run(['replay', '--rejected', '--dry-run'])).stdout).toContain(
        '0 would be accepted now, 1 dropped (accepted in a correct form since), 0 ignored, 1 rejected again'
      )
      const { code, json, errors } = await run(['replay', '--rejected', '--json'])
      expect(code).toBe(1)
      expect(json()).toMatchObject({ received: 2, accepted: 0, duplicates: 1, rejected: 1, pending: 0 })
      expect(errors()[0]).toMatch(/^stdin:2: traits is a string/)
      expect((await books()).rejected).toBe(1)
    })
  )

  it('ends, although each of them is rejected once more meanwhile', async () => {
    await withTempDir(async (dir) => {
      const store = SqliteStore.open(`${dir}/store.db`)
      const reject = (reason: string) => ({
        source: 'in process',
        reason,
        raw: '{"type":"identify"}',
        complete: true,
        receivedAt: 1
      })
      const keep = (...reasons: string[]) => store.accept({ events: [], rejections: reasons.map(reject), ignored: {} })
      await keep('first', 'second', 'third')
      const seen: string[] = []
      for await (const retried of retryRejected(store, all, { nestedProperties: 'flatten' })) {
        seen.push(...retried.map(({ record }) => record.reason))
        await keep(...retried.map(({ record }) => `${record.reason} again`))
        if (seen.length > 10) break
      }
      expect(seen).toEqual(['first', 'second', 'third'])
      await store.close()
    })
  })

  it.each([
    ['with the same time', '2026-10-01T12:00:00Z'],
    ['without a time', undefined]
  ])('takes nobody back to an event %s that came before one that was delivered', (_kind, timestamp) =>
    withDesk(async ({ run, write, sandbox }) => {
      const configure = (name: string, properties: object): string => {
        const mapping = { identifier: { '@path': '$.userId' }, properties }
        const how = { name: 'all', subscribe: 'type = "identify"', partnerAction: 'identifyUser', mapping }
        return write(name, JSON.stringify({ subscriptions: [how] }))
      }
      const wrong = configure('wrong.json', { '@path': '$.traits' })
      const right = configure('right.json', { plan: { '@path': '$.plan' } })
      const input = ndjson([
        { ...identify(1, { messageId: 'm1', timestamp, traits: ['x'] }), plan: 'old' },
        { ...identify(1, { messageId: 'm2', timestamp, traits: { plan: 'new' } }), plan: 'new' }
      ])
      const first = await run(['forward', '--json', '--config', wrong], { input })
      expect(first.json()).toMatchObject({ rejected: 1, delivered: 1 })

      const again = await run(['replay', '--rejected', '--json', '--config', right])

      expect(again.json()).toMatchObject({ accepted: 1, superseded: 1 })
      expect(usersOf(sandbox)).toEqual({ u1: { plan: 'new' } })
    })
  )

  it.each([
    ['without a time', undefined],
    ['with one that had not come', '2126-01-01T00:00:00Z']
  ])('takes nobody back with an event %s: it is as old as when it came in', (_kind, timestamp) =>
    withDesk(async ({ run, path, sandbox }) => {
      const of = (plan: string) => identify(1, { messageId: plan, timestamp, traits: { plan, [plan]: true } })
      const store = SqliteStore.open(path(STORE))
      const rejection = {
        ...{ source: 'a.ndjson:1', reason: 'since mended', raw: JSON.stringify(of('old')), complete: true },
        receivedAt: Date.now()
      }
      await store.accept({ events: [], rejections: [rejection], ignored: {} })
      await store.close()
      await run(['forward', '-'], { input: ndjson([of('new')]) })

      expect((await run(['replay', '--rejected', '--json'])).json()).toMatchObject({ accepted: 1, delivered: 1 })
      expect(usersOf(sandbox)).toEqual({ u1: { plan: 'new', new: true, old: true } })
    })
  )
})
