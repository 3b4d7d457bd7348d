import { identify, ndjson, withDesk } from './desk.js'

describe('forward, of the events of an input', () => {
  it('names the first ten rejected lines, counts the others, keeps them all and ends with 1', () =>
    withDesk(async ({ run, write, books }) => {
      write(
        'e.ndjson',
        ndjson([identify(1), ...Array.from({ length: 12 }, (_, n) => ({ ...identify(n), traits: `t${n}` }))])
      )

      const { code, json, errors } = await run(['forward', 'e.ndjson', '--json'])

      expect(code).toBe(1)
      expect(json()).toMatchObject({ received: 13, accepted: 1, rejected: 12, delivered: 1 })
      expect(errors()[0]).toBe('e.ndjson:2: traits is a string, not an object')
      expect(errors()[9]).toBe('e.ndjson:11: traits is a string, not an object')
      expect(errors().slice(10)).toEqual([
        'and 2 more were rejected',
        '12 rejected and kept: see "dopt-destination replay --rejected --dry-run"'
      ])
      expect((await books()).rejected).toBe(12)
    }))

  it('says how to find out why nothing in an input is for Dopt', () =>
    withDesk(async ({ run }) => {
      const ended = await run(['forward'], { input: ndjson([{ type: 'page' }, identify(1, { userId: '' })]) })
      expect(ended).toMatchObject({
        code: 0,
        stderr:
          'nothing in the input is for Dopt: "dopt-destination preview" shows why, event by event, given the same input\n'
      })
      expect((await run(['forward'], { input: ndjson([{ type: 'page' }, identify(1)]) })).stderr).toBe('')
    }))

  it.each([
    ['an event on several lines', JSON.stringify(identify(1), null, 2)],
    ['a table', 'userId,plan\nu1,pro\n']
  ])('says what to give instead of %s', (_, input) =>
    withDesk(async ({ run }) => {
      for (const command of ['forward', 'preview']) {
        const { code, errors } = await run([command], { input })
        expect(code).toBe(1)
        expect(errors()).toContainEqual(expect.stringMatching(/^no line of the input is JSON: give NDJSON, .*jq -c/))
        const some = await run([command], { input: `${ndjson([identify(1)])}oops\noops\n` })
        expect(some.stderr).not.toContain('no line')
        expect((await run([command], { input: 'oops\n' })).stderr).not.toContain('no line')
      }
    })
  )

  it('names the config file in that hint, but no store, which preview does not have', () =>
    withDesk(async ({ run, write }) => {
      write('mine.json', '{}')
      const args = ['forward', '--config', 'mine.json', '--store', 'mine.db', '--nested-properties', 'stringify']
      const { stderr } = await run(args, { input: ndjson([{ type: 'page' }]) })
      expect(stderr).toContain('"dopt-destination preview --config mine.json --nested-properties stringify" shows why')
    }))

  it('says which timestamp cannot be read, and takes older values from an export in the form of SQL as older', () =>
    withDesk(async ({ run, sandbox }) => {
      const of = (timestamp: string, plan: string): Record<string, unknown> => ({
        ...identify(1),
        ...{ messageId: plan, timestamp, traits: { plan } }
      })
      await run(['forward'], { input: ndjson([of('2026-10-02T00:00:00Z', 'newest')]) })
      const older = [of('2026-10-01 12:00:00.000 UTC', 'older'), { ...of('', 'received'), receivedAt: '2026-09-01' }]
      expect(await run(['forward'], { input: ndjson(older) })).toMatchObject({ code: 0, stderr: '' })
      expect([...sandbox.users.values()]).toEqual([expect.objectContaining({ plan: 'newest' })])

      const { code, errors } = await run(['forward'], { input: ndjson([of('01.10.2026', 'a'), of('soon', 'b')]) })
      expect(code).toBe(0)
      expect(errors()).toEqual([
        'stdin:1: the timestamp cannot be read (use ISO 8601, or epoch seconds or milliseconds); the event counts as new; the same goes for 1 more'
      ])
    }))
})
