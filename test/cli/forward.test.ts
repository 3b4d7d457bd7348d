import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { foldUsers } from '../helpers/independent-fold.js'
import { CLI } from '../helpers/run-cli.js'
import { identify, ndjson, usersOf, withDesk } from './desk.js'

const COUNTS = [
  'received',
  'accepted',
  'duplicates',
  'rejected',
  'ignored',
  'delivered',
  'superseded',
  'failed',
  'pending',
  'removed'
]
const KEYS = [
  ...COUNTS.slice(0, 5),
  'ignoredReasons',
  ...COUNTS.slice(5),
  'calls',
  'users',
  'groups',
  'durationMs',
  'errors',
  'earlier'
]

/** 300 events of 40 users, some of them twice, some not for us. */
function mixed(): unknown[] {
  return Array.from({ length: 300 }, (_, number) =>
    identify(number, {
      messageId: `m${number % 290}`,
      userId: `u${number % 40}`,
      traits: { [`p${number % 7}`]: number, plan: number % 2 === 0 ? 'free' : 'pro', company: { name: `c${number}` } },
      ...(number % 50 === 7 && { type: 'track' }),
      ...(number % 50 === 8 && { integrations: { All: false } }),
      ...(number % 50 === 9 && { userId: undefined, anonymousId: 'x' })
    })
  )
}

describe('forward', () => {
  it('delivers a file, sums it up in one JSON document, and sends nothing again the second time', () =>
    withDesk(async ({ run, write, sandbox, books }) => {
      const text = ndjson(mixed())
      write('events.ndjson', text)

      const first = await run(['forward', 'events.ndjson', '--json'])

      expect(first).toMatchObject({ code: 0, stderr: '' })
      const summary = first.json()
      expect(Object.keys(summary)).toEqual(KEYS)
      expect(summary).toMatchObject({
        ...{ received: 300, duplicates: 7, rejected: 0, ignored: 18, failed: 0, pending: 0 },
        ignoredReasons: { type: 6, integrations: 6, 'no-identifier': 6 }
      })
      const count = (name: string): number => Number(summary[name])
      expect(count('received')).toBe(count('accepted') + count('duplicates') + count('rejected') + count('ignored'))
      expect(count('accepted')).toBe(count('delivered') + count('superseded') + count('failed') + count('pending'))
      expect(count('calls')).toBe(sandbox.stats.calls)
      expect(count('users')).toBe(sandbox.stats.users)
      expect(usersOf(sandbox)).toEqual(Object.fromEntries(foldUsers(text.split('\n'))))

      const second = await run(['forward', 'events.ndjson', '--json'])

      expect(second.code).toBe(0)
      expect(second.json()).toMatchObject({ received: 300, accepted: 0, duplicates: 282, calls: 0, users: 0 })
      expect(sandbox.stats.calls).toBe(count('calls'))
      expect((await books()).intake).toMatchObject({ received: 600, accepted: count('accepted') })
    }))

  it('reads gzip, JSON arrays and standard input, given as - among files or without any file', () =>
    withDesk(async ({ run, write, sandbox }) => {
      write('a.json', JSON.stringify([identify(1), identify(2)]))
      write('b.ndjson.gz', gzipSync(ndjson([identify(3)])))

      const both = await run(['forward', 'a.json', '-', 'b.ndjson.gz', '--json'], { input: ndjson([identify(4)]) })
      const piped = await run(['forward', '--json'], { input: gzipSync(JSON.stringify([identify(5)])) })

      expect(both.json()).toMatchObject({ received: 4, delivered: 4 })
      expect(piped.json()).toMatchObject({ received: 1, delivered: 1 })
      expect(Object.keys(usersOf(sandbox)).sort()).toEqual(['u1', 'u2', 'u3', 'u4', 'u5'])
    }))

  it('prints a summary as text, without colours, unless JSON is requested', () =>
    withDesk(async ({ run }) => {
      const { code, stdout, stderr } = await run(['forward'], { input: ndjson([identify(1), { type: 'track' }]) })

      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toMatch(/received +2\n/)
      expect(stdout).toMatch(/ignored +1 +type 1\n/)
      expect(stdout).toMatch(/delivered +1\n/)
      expect(stdout).toMatch(/1 call, 1 user, /)
      expect(stdout).not.toContain('\u001b')
    }))

  it.each([
    ['an empty file', '', 1, 'error: e is empty: check that the program that wrote it finished without an error\n'],
    ['a blank file', ' \n\n', 1, 'error: e is empty: check that the program that wrote it finished without an error\n'],
    ['/dev/null', undefined, 0, '']
  ])('delivers what waits also where all there is to read is %s', (_, content, code, stderr) =>
    withDesk(async ({ run, write, sandbox }) => {
      await run(['forward', '--accept-only'], { input: ndjson([identify(1)]) })
      const ended = await run(['forward', content === undefined ? '/dev/null' : write('e', content), '--json'])

      expect(ended).toMatchObject({ code, stderr })
      expect(ended.json()).toMatchObject({ received: 0, pending: 0, users: 1, earlier: { delivered: 1, pending: 0 } })
      expect(sandbox.users.size).toBe(1)
    })
  )

  it('reports an empty pipe, which is no failure', () =>
    withDesk(async ({ run }) => {
      const { code, stderr, json } = await run(['forward', '--json'])

      expect(code).toBe(0)
      expect(json()).toMatchObject({ received: 0, accepted: 0, calls: 0 })
      expect(stderr).toBe('no events in the input\n')
    }))

  it('stores without a key and without sending with --accept-only; the next run delivers what is pending', () =>
    withDesk(async ({ run, sandbox }) => {
      const stored = await run(['forward', '--accept-only', '--json'], {
        input: ndjson([identify(1), identify(2)]),
        env: { DOPT_API_KEY: '' }
      })

      expect(stored).toMatchObject({ code: 0, stderr: '' })
      expect(stored.json()).toMatchObject({ accepted: 2, delivered: 0, pending: 2, calls: 0 })
      expect(sandbox.stats.calls).toBe(0)

      const sent = await run(['forward', '-', '--json'], { input: ndjson([identify(3)]) })

      expect(sent.code).toBe(0)
      // Deliveries of earlier events are not counted among what this run accepted.
      expect(sent.json()).toMatchObject({ accepted: 1, delivered: 1, pending: 0, users: 3 })
    }))

  it('ends with 1 and says where to look when Dopt refuses a user', () =>
    withDesk(
      async ({ run }) => {
        const { code, json, stderr } = await run(['forward', '--json', '--store', 'my store.db'], {
          input: ndjson([identify(1), identify(2), identify(3)])
        })

        expect(code).toBe(1)
        expect(json()).toMatchObject({ accepted: 3, delivered: 2, failed: 1, pending: 0 })
        expect(stderr).toBe(`1 failed: see "dopt-destination batches --state failed --store 'my store.db'"\n`)
      },
      { rejectUsers: ['u2'] }
    ))

  it('keeps everything when the key is refused, and says at once what to do', () =>
    withDesk(async ({ run, write, sandbox }) => {
      write('e.ndjson', ndjson([identify(1), identify(2)]))

      const refused = await run(['forward', 'e.ndjson', '--json'], { env: { DOPT_API_KEY: 'wrong-key' } })

      expect(refused.code).toBe(1)
      expect(refused.json()).toMatchObject({ accepted: 2, delivered: 0, failed: 0, pending: 2 })
      expect(refused.errors()).toHaveLength(1)
      expect(refused.stderr).toMatch(/^Dopt refuses the API key \(401 unauthorized_error .*run the same command again/)
      expect(refused.stderr).not.toContain('wrong-key')

      const mended = await run(['forward', 'e.ndjson', '--json'])

      expect(mended.code).toBe(0)
      expect(mended.json()).toMatchObject({ duplicates: 2, users: 2 })
      expect(sandbox.users.size).toBe(2)
    }))

  it('gives up on an endpoint that cannot be reached, says why, and keeps everything', () =>
    withDesk(async ({ run, books }) => {
      const { code, json, errors } = await run(['forward', '--json', '--give-up-after', '200ms'], {
        input: ndjson([identify(1)]),
        env: { DOPT_ENDPOINT: 'http://127.0.0.1:1' }
      })

      expect(code).toBe(1)
      expect(json()).toMatchObject({ accepted: 1, pending: 1, delivered: 0 })
      expect(errors().at(-1)).toMatch(
        /^gave up after 200 ms .*\(cannot reach http:\/\/127\.0\.0\.1:1 \(ECONNREFUSED\)\): 1 event undelivered, kept in \.\/dopt-destination\.db: run the same command again to continue$/
      )
      expect((await books()).events.retrying).toBe(1)
    }))

  it('counts what the last answers deliver before it gives up, and reports slow calls', () =>
    withDesk(async ({ run, write, sandbox }) => {
      sandbox.setFaults({ latencyMs: 1500 })
      write('few.ndjson', ndjson([identify(1), identify(2)]))
      write('many.ndjson', ndjson(Array.from({ length: 300 }, (_, n) => identify(n + 10))))
      const patience = ['--give-up-after', '300ms', '--concurrency', '1']

      const few = await run(['forward', ...patience, '--json', 'few.ndjson'])
      const many = await run(['forward', ...patience, '--json', 'many.ndjson'])

      expect(few).toMatchObject({ code: 0, stderr: '' })
      expect(few.json()).toMatchObject({ delivered: 2, pending: 0 })
      expect(many.code).toBe(1)
      expect(many.json()).toMatchObject({ delivered: 100, pending: 200 })
      expect(many.stderr).toMatch(
        /^gave up after 300 ms without progress \(no call was answered\): 200 events undelivered, /
      )
    }))

  it('reports trouble with the endpoint, and its end', () =>
    withDesk(
      async ({ start, sandbox }) => {
        const forward = start(['forward', '--json'], { input: ndjson([identify(1)]) })
        await forward.says(/^Dopt answers 503 internal_server_error .*: retrying in \d/m)
        sandbox.setFaults({ failRate: 0 })

        const { code, stderr } = await forward.end

        expect(code).toBe(0)
        expect(stderr).toContain('Dopt accepts calls again\n')
      },
      { failRate: 1, failStatus: 503, retryAfterS: 0 }
    ))

  it('makes many concurrent calls without a warning from Node', () =>
    withDesk(
      async ({ run }) => {
        const events = ndjson(Array.from({ length: 40 }, (_, number) => identify(number)))
        const { code, stderr } = await run(['forward', '--json', '--concurrency', '20', '--batch-size', '1'], {
          input: events
        })

        expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      },
      { latencyMs: 100 }
    ))

  it('exits quietly when nobody reads its results any more', () =>
    withDesk(async ({ dir, env, write }) => {
      write('e.ndjson', ndjson([identify(1)]))
      const command = `"$0" "$1" forward e.ndjson | true; echo "\${PIPESTATUS[0]}"`
      const shell = promisify(execFile)('bash', ['--norc', '-c', command, process.execPath, CLI], { cwd: dir, env })

      expect(await shell).toEqual({ stdout: '0\n', stderr: '' })
    }))

  it('shows neither the key nor any property value in what it logs at debug level', () =>
    withDesk(async ({ run, dir }) => {
      const { stderr } = await run(['forward', '--json', '--log-level', 'debug', '--api-key', 'sandbox-key'], {
        input: ndjson([identify(1, { traits: { secret: 'VALUE-IN-TRAITS' } }), '{"VALUE-IN-TRAITS": '])
      })

      expect(stderr).toContain('"level":20')
      expect(stderr).not.toContain('sandbox-key')
      expect(stderr).not.toContain('VALUE-IN-TRAITS')
      expect(readFileSync(`${dir}/dopt-destination.db`).includes('sandbox-key')).toBe(false)
    }))
})
