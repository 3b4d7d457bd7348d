import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { CLI } from '../helpers/run-cli.js'
import { expectRefused, identify, ndjson, STORE, usersOf, withDesk } from './desk.js'

const SUBSCRIPTIONS = [
  {
    name: 'Signed up',
    subscribe: 'type = "track" and event = "Signed Up"',
    partnerAction: 'identifyUser',
    mapping: { identifier: { '@path': '$.userId' }, properties: { signed_up_as: { '@path': '$.properties.plan' } } }
  }
]
const CONFIG = 'dopt-destination.config.json'
const SIGNED_UP = { type: 'track', event: 'Signed Up', messageId: 't1', userId: 'u1', properties: { plan: 'pro' } }

describe('preview', () => {
  it('shows event by event what would be sent, and why the rest would not be', () =>
    withDesk(async ({ run, write, path, sandbox }) => {
      const events = [identify(1), { type: 'page' }, identify(2, { integrations: { Dopt: false } })]
      const file = write('events.ndjson', `${ndjson([...events, identify(3, { userId: null })])}oops\n`)

      const page = await run(['preview', file], { env: { DOPT_API_KEY: '' } })

      expect(page).toMatchObject({ code: 1, stderr: '' })
      expect(page.stdout.trimEnd().split('\n')).toEqual([
        'events.ndjson:1  sent      POST /identify/bulk {"__dopt_identifier":"u1","number":1}',
        'events.ndjson:2  ignored   its type is not identify',
        'events.ndjson:3  ignored   its integrations exclude Dopt',
        'events.ndjson:4  ignored   it has no userId',
        expect.stringMatching(/^events\.ndjson:5 {2}rejected {2}not JSON/),
        '5 events: 1 would be sent, 3 ignored, 1 rejected'
      ])
      expect(existsSync(path(STORE))).toBe(false)
      expect(sandbox.stats.calls).toBe(0)
    }))

  it('aligns what it says about each event', () =>
    withDesk(async ({ run, write }) => {
      const few = write('few.ndjson', ndjson([identify(1)]))
      const more = write('more.ndjson', ndjson(Array.from({ length: 11 }, (_, index) => identify(index))))

      const { stdout } = await run(['preview', few, more])

      const lines = stdout.split('\n').filter((line) => line.includes('POST'))
      expect([lines[0], lines[1], lines[11]]).toEqual([
        expect.stringMatching(/^few\.ndjson:1 {2}sent {6}POST/),
        expect.stringMatching(/^more\.ndjson:1 {3}sent {6}POST/),
        expect.stringMatching(/^more\.ndjson:11 {2}sent {6}POST/)
      ])
    }))

  it('prints one document with --json, with at most --limit events', () =>
    withDesk(async ({ run }) => {
      const input = ndjson([identify(1), { type: 'page' }, identify(2)])
      const { code, json } = await run(['preview', '--json', '--limit', '2', '--api', 'batch'], { input })
      expect(code).toBe(0)
      expect(json()).toEqual({
        ...{ received: 3, sent: 2, ignored: 1, rejected: 0, failed: 0 },
        events: [
          {
            ...{ source: 'stdin:1', outcome: 'sent', messageId: 'm1', user: 'u1', time: '2026-01-01T00:00:01.000Z' },
            path: '/identify/batch',
            entry: { identifier: 'u1', properties: { number: 1 } }
          },
          { source: 'stdin:2', outcome: 'ignored', code: 'type', reason: 'its type is not identify' }
        ]
      })
    }))

  it('cuts long values, and says that --json shows all of them', () =>
    withDesk(async ({ run }) => {
      const long = 'x'.repeat(4000)
      const input = ndjson([identify(1, { traits: { long } })])

      const { stdout } = await run(['preview'], { input })

      expect(stdout).toMatch(/"long":"x+… \(4,\d{3} characters; --json shows all\)\n/)
      expect(stdout.length).toBeLessThan(2200)
      expect((await run(['preview', '--json'], { input })).stdout).toContain(long)
    }))

  it('says that what is too large for a call would not be sent', () =>
    withDesk(async ({ run, sandbox }) => {
      const input = ndjson([identify(1), identify(2, { traits: { long: 'x'.repeat(600_000) } })])
      const page = await run(['preview'], { input })
      expect(page).toMatchObject({ code: 1, stderr: '' })
      expect(page.stdout.split('\n').slice(1)).toEqual([
        expect.stringMatching(
          /^stdin:2 {2}failed {4}the user is 6\d{5} bytes, more than the 500000 that a call may have$/
        ),
        ...['2 events: 1 would be sent, 0 ignored, 0 rejected, 1 too large for a call', '']
      ])
      const document = (await run(['preview', '--json'], { input })).json()
      expect(document).toMatchObject({
        sent: 1,
        failed: 1,
        events: [{ outcome: 'sent' }, { outcome: 'failed', user: 'u2' }]
      })
      const forwarded = await run(['forward', '--json'], { input })
      expect(forwarded.json()).toMatchObject({ delivered: 1, failed: 1 })
      expect(sandbox.stats.users).toBe(1)
    }))

  it('stops reading when nobody reads what it prints', () =>
    withDesk(async ({ path }) => {
      const event = JSON.stringify(identify(1))
      // Without end, unless somebody stops it.
      const program = `yes '${event}' | "${process.execPath}" "${CLI}" preview | head -1`
      const { stdout } = await promisify(execFile)('bash', ['-c', program], { cwd: path('.'), timeout: 20_000 })
      expect(stdout).toMatch(/^stdin:1 .*\n$/)
    }))

  it('lets no event control the terminal', () =>
    withDesk(async ({ run }) => {
      const { stdout } = await run(['preview'], { input: ndjson([identify(1, { userId: '\u202e\u009b1m' })]) })
      expect(stdout).not.toMatch(/[\u202e\u009b]/)
      const document = await run(['preview', '--json'], { input: ndjson([identify(1, { userId: '\u202e\u009b1m' })]) })
      expect(document.stdout).toContain('"\\u202e\\u009b1m"')
      expect(document.json()).toMatchObject({ events: [{ user: '\u202e\u009b1m' }] })
    }))
})

describe('subscriptions in the config file', () => {
  it('are used by preview, forward and check', () =>
    withDesk(async ({ run, write, sandbox }) => {
      write(CONFIG, JSON.stringify({ subscriptions: SUBSCRIPTIONS }))
      const input = ndjson([identify(1), SIGNED_UP])

      expect((await run(['preview', '--json'], { input })).json()).toMatchObject({ sent: 1, ignored: 1 })
      expect((await run(['preview'], { input })).stdout).toContain('ignored   no enabled subscription matches')
      expect((await run(['check'])).stdout).toMatch(/^✓ configuration .*, 1 subscription, /m)
      const forwarded = await run(['forward', '-', '--json'], { input })
      expect(forwarded.json()).toMatchObject({ delivered: 1, ignored: 1, ignoredReasons: { type: 1 } })
      expect(usersOf(sandbox)).toEqual({ u1: { signed_up_as: 'pro' } })
    }))

  it('are used to translate rejected events again', () =>
    withDesk(async ({ run, write, sandbox }) => {
      const bad = identify(1, { traits: 'text' })
      expect((await run(['forward', '-', '--json'], { input: ndjson([bad]) })).json()).toMatchObject({ rejected: 1 })
      const mapping = { identifier: { '@path': '$.userId' } }
      const subscription = { ...SUBSCRIPTIONS[0], subscribe: 'type = "identify"', mapping }
      write(CONFIG, JSON.stringify({ subscriptions: [subscription] }))

      expect((await run(['replay', '--rejected', '--dry-run'])).stdout).toContain('1 would be accepted now')
      expect((await run(['replay', '--rejected', '--json'])).json()).toMatchObject({ delivered: 1 })
      expect(usersOf(sandbox)).toEqual({ u1: {} })
    }))

  it('are refused by every command with the same error if they cannot work', () =>
    withDesk(async ({ run, write }) => {
      write(CONFIG, JSON.stringify({ subscriptions: [{ ...SUBSCRIPTIONS[0], subscribe: 'sometimes' }] }))
      const words = /subscription 1 \("Signed up"\): subscribe is not a trigger in FQL/
      const input = ndjson([SIGNED_UP])
      for (const args of [['preview'], ['forward', '-']]) expectRefused(await run(args, { input }), words)
      const checked = await run(['check'])
      expect(checked.code).toBe(2)
      expect(checked.stdout).toMatch(/^✗ configuration .*subscribe is not a trigger in FQL/m)
    }))

  it('have no flag, and must be a list', () =>
    withDesk(async ({ run, write }) => {
      expect((await run(['forward', '--help'])).stdout).not.toContain('ubscriptions')
      write(CONFIG, JSON.stringify({ subscriptions: 'all' }))
      expectRefused(await run(['preview'], { input: '' }), /"subscriptions" in .* must be a list, not all/)
    }))
})
