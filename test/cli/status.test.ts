import { identify, ndjson, withDesk } from './desk.js'

const FAILING = { failRate: 1, failStatus: 503, retryAfterS: 0 }

describe('status', () => {
  it('prints the state of the store as JSON in the documented shape', () =>
    withDesk(
      async ({ run }) => {
        await run(['forward'], {
          input: ndjson([identify(1), identify(2), identify(3, { traits: 1 }), { type: 'track' }])
        })

        const { code, json, stderr } = await run(['status', '--json'])

        expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
        expect(json()).toMatchObject({
          store: { file: './dopt-destination.db' },
          events: { pending: 0, sending: 0, retrying: 0, delivered: 1, superseded: 0, failed: 1 },
          rejected: 1,
          batches: { retrying: 0, delivered: 1, failed: 1 },
          endpoint: { state: 'ok', lastError: null },
          oldestPendingAt: null,
          intake: { received: 4, accepted: 2, duplicates: 0, rejected: 1, ignored: { type: 1 } },
          sender: { alive: false },
          lastErrors: [{ status: 400, code: 'invalid_request_error' }]
        })
        const { endpoint, rates } = json() as { endpoint: { since: string }; rates: { deliveredEvents: number } }
        expect(Date.parse(endpoint.since)).toBeGreaterThan(Date.now() - 60_000)
        expect(rates.deliveredEvents).toBe(1)
      },
      { rejectUsers: ['u2'] }
    ))

  it('prints a page that suggests the next commands', () =>
    withDesk(
      async ({ run }) => {
        await run(['forward'], { input: ndjson([identify(1), identify(2), identify(3, { traits: 1 })]) })
        await run(['forward', '--accept-only'], { input: ndjson([identify(4)]) })

        const { code, stdout } = await run(['status'])

        expect(code).toBe(0)
        expect(stdout).toMatch(/sender +not running; the last one was pid \d+/)
        expect(stdout).toMatch(/endpoint +ok since /)
        expect(stdout).toMatch(/^oldest +arrived .* ago\)$/m)
        expect(stdout).toMatch(/pending +1$/m)
        expect(stdout).not.toContain('removed')
        expect(stdout).toMatch(/failed +1 +in 1 batch/)
        expect(stdout).toMatch(/\d+ s ago +2 +400 +a user of this call is not acceptable|\d+ s ago +3 +400/)
        expect(stdout).toContain(
          'No sender is running: deliver pending events with "dopt-destination forward - </dev/null"'
        )
        expect(stdout).toContain('replay them with "dopt-destination replay --failed"')
        expect(stdout).toContain('See rejected events with "dopt-destination replay --rejected --dry-run"')
        expect(stdout).not.toContain('\u001b')
      },
      { rejectUsers: ['u2'] }
    ))

  it('lists ignored events like the summary of the run: the most frequent reason first', () =>
    withDesk(async ({ run }) => {
      const input = ndjson([
        { type: 'group' },
        { ...identify(1), userId: undefined },
        ...[2, 3].map((number) => identify(number, { integrations: { All: false } }))
      ])
      const ignored = /^ +ignored +4 +integrations 2, no-identifier 1, type 1$/m
      expect((await run(['forward', '-'], { input })).stdout).toMatch(ignored)
      expect((await run(['status'])).stdout).toMatch(ignored)
    }))

  it('says why fewer rejected events are kept than were received', () =>
    withDesk(async ({ run }) => {
      const input = ndjson([identify(1, { traits: 'text' })])
      await run(['forward', '--accept-only'], { input })
      const once = (await run(['status'])).stdout
      await run(['forward', '--accept-only'], { input })
      const twice = (await run(['status'])).stdout

      expect(once).toMatch(/^ {2}rejected +1 {2}1 kept$/m)
      expect(twice).toMatch(/^ {2}rejected +2 {2}1 kept; the rest are repeats, or were replayed or removed$/m)
    }))

  it('works alongside a running sender, and reports on it and on the endpoint', () =>
    withDesk(async ({ run, start, sandbox }) => {
      const sender = start(['forward', '-'], { input: ndjson([identify(1)]) })
      await sender.says(/retrying in/)

      const { json } = await run(['status', '--json'])
      const { stdout } = await run(['status'])

      expect(json()).toMatchObject({
        events: { delivered: 0 },
        endpoint: { state: 'backing-off', lastError: '503 internal_server_error this call was chosen to fail' },
        sender: { pid: sender.pid, alive: true }
      })
      expect(stdout).toMatch(/sender +running, pid \d+/)
      expect(stdout).toMatch(/endpoint +backing-off since .*; 503 internal_server_error/)
      sandbox.setFaults({ failRate: 0 })
      expect((await sender.end).code).toBe(0)
    }, FAILING))

  it('reports a refused key', () =>
    withDesk(async ({ run }) => {
      await run(['forward', '-'], { input: ndjson([identify(1)]), env: { DOPT_API_KEY: 'wrong' } })

      expect((await run(['status', '--json'])).json()).toMatchObject({ endpoint: { state: 'key-refused' } })
      expect((await run(['status'])).stdout).toContain('The key is refused: check it with "dopt-destination check"')
    }))
})

describe('batches', () => {
  it('lists the newest first, all or those of one state, as a table or as JSON', () =>
    withDesk(
      async ({ run }) => {
        await run(['forward', '-'], { input: ndjson([identify(1), identify(2), identify(3)]) })

        const failed = await run(['batches', '--state', 'failed', '--json'])
        const all = await run(['batches'])
        const newest = await run(['batches', '--json', '--limit', '1', '--since', '1h'])
        const some = await run(['batches', '--limit', '1'])
        const none = await run(['batches', '--since', '2126-01-01'])

        const [batch] = (failed.json() as { batches: Array<Record<string, unknown>> }).batches
        expect(batch).toMatchObject({
          ...{ state: 'failed', users: 1, events: 1, attempts: 1, lastStatus: 400, nextAttemptAt: null },
          lastError: 'a user of this call is not acceptable'
        })
        expect(all.stdout).toMatch(/^batch +state +users +events +attempts +created +status +error\n/)
        expect(all.stdout).toMatch(/failed +1 +1 +1 +\d+ s ago +400 +a user/)
        expect(all.stdout).toMatch(/split +0 +0/)
        // Not cut off where no terminal ends the line.
        expect(all.stdout).toContain('a user of this call is not acceptable')
        expect([all.stderr, some.stderr]).toEqual(['', 'the newest 1: raise --limit to see older ones\n'])
        expect(newest.json()['batches']).toHaveLength(1)
        expect(none).toMatchObject({ code: 0, stdout: '', stderr: 'no batches\n' })
      },
      { rejectUsers: ['u2'] }
    ))
})
