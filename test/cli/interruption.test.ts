import { execFileSync } from 'node:child_process'
import { closeSync, openSync, statSync, writeSync } from 'node:fs'
import { expectBalanced } from '../helpers/expect-balanced.js'
import { foldUsers } from '../helpers/independent-fold.js'
import { identify, ndjson, STORE, until, usersOf, withDesk } from './desk.js'

/** Events of a third as many users, each with some values of its own and some that other events supersede. */
function events(count: number): string {
  return ndjson(
    Array.from({ length: count }, (_, number) =>
      identify(number, {
        userId: `u${(number * 7) % Math.ceil(count / 3)}`,
        // Not in chronological order.
        timestamp: new Date(Date.UTC(2026, 0, 1) + ((number * 7919) % count) * 1000).toISOString(),
        traits: { seen: number, [`k${number % 5}`]: number }
      })
    )
  )
}

describe('a command that is killed or interrupted', () => {
  it('loses nothing and counts nothing twice when it is killed again and again and then run to the end', () =>
    withDesk(
      async ({ start, run, write, sandbox, books }) => {
        const text = events(6000)
        write('events.ndjson', text)
        for (const calls of [3, 9, 20]) {
          const forward = start(['forward', 'events.ndjson', '--json'])
          await until(() => sandbox.stats.calls >= calls)
          forward.kill('SIGKILL')
          expect((await forward.end).signal).toBe('SIGKILL')
          expectBalanced(await books())
        }

        const { code, json } = await run(['forward', 'events.ndjson', '--json'])

        expect(code).toBe(0)
        const summary = json()
        expect(summary).toMatchObject({ received: 6000, rejected: 0, ignored: 0, failed: 0, pending: 0 })
        expect(Number(summary['accepted']) + Number(summary['duplicates'])).toBe(6000)
        const after = await books()
        expectBalanced(after)
        expect(after.intake.accepted).toBe(6000)
        expect(after.events.delivered + after.events.superseded).toBe(6000)
        expect(usersOf(sandbox)).toEqual(Object.fromEntries(foldUsers(text.split('\n'))))
      },
      { latencyMs: 15 }
    ))

  it('exits with 130 after a SIGINT, with a summary and the rest kept, and the next run continues', () =>
    withDesk(
      async ({ start, run, write, sandbox, books }) => {
        write('events.ndjson', events(3000))
        const forward = start(['forward', 'events.ndjson', '--json'])
        await until(() => sandbox.stats.calls >= 4)
        forward.kill('SIGINT')

        const { code, stdout, stderr } = await forward.end

        expect(code).toBe(130)
        expect(stderr).toMatch(/^stopping after the calls in flight; a second signal stops at once$/m)
        expect(stderr).toMatch(/^interrupted with [\d,]+ events undelivered, kept in /m)
        const summary = JSON.parse(stdout) as Record<string, number>
        expect(summary['pending']).toBeGreaterThan(0)
        expect(summary['accepted']).toBe(
          ['delivered', 'superseded', 'failed', 'pending'].reduce((sum, name) => sum + (summary[name] ?? NaN), 0)
        )
        // It waited for the calls in flight.
        expect((await books()).events.sending).toBe(0)

        sandbox.setFaults({ latencyMs: 0 })
        expect((await run(['forward', 'events.ndjson'])).code).toBe(0)
        expect((await books()).events).toMatchObject({ pending: 0, retrying: 0, failed: 0 })
      },
      { latencyMs: 60 }
    ))

  it.each(['SIGINT', 'SIGTERM'] as const)('ends a reading that waits for a pipe at a %s', (signal) =>
    withDesk(async ({ start, sandbox }) => {
      const forward = start(['forward', '--json'], { input: ndjson([identify(1)]), holdInput: true })
      // A live pipe: what has arrived is delivered while the command waits for more.
      await until(() => sandbox.users.size === 1)
      forward.kill(signal)

      const { code, stdout, stderr } = await forward.end

      expect(code).toBe(130)
      expect(stderr).toMatch(/^interrupted; no accepted event is undelivered: run the same command again to continue$/m)
      expect(JSON.parse(stdout)).toMatchObject({ received: 1, delivered: 1, pending: 0 })
    })
  )

  it.each(['has written and stays silent', 'never comes'])('ends a reading of a named pipe whose writer %s', (writer) =>
    withDesk(async ({ start, path, sandbox, books }) => {
      execFileSync('mkfifo', [path('pipe')])
      const forward = start(['forward', 'pipe', '--json'])
      const comes = writer !== 'never comes'
      // Opened for reading as well, or the test itself would block until the pipe is read.
      const file = comes ? openSync(path('pipe'), 'r+') : undefined
      try {
        if (file !== undefined) writeSync(file, ndjson([identify(1)]))
        await until(async () => (comes ? sandbox.users.size === 1 : isStore(path(STORE)) && (await books()).bytes > 0))
        forward.kill('SIGINT')

        const { code, stdout } = await forward.end

        expect(code).toBe(130)
        expect(JSON.parse(stdout)).toMatchObject({ received: comes ? 1 : 0, delivered: comes ? 1 : 0, pending: 0 })
      } finally {
        if (file !== undefined) closeSync(file)
      }
    })
  )

  it('exits at once at the second signal, and loses nothing', () =>
    withDesk(
      async ({ start, run, path, sandbox, books }) => {
        const forward = start(['forward', '--json'], { input: ndjson([identify(1)]) })
        await until(async () => isStore(path(STORE)) && (await books()).events.sending === 1)
        forward.kill('SIGINT')
        await forward.says(/a second signal/)
        forward.kill('SIGINT')

        expect(await forward.end).toMatchObject({ code: 130, stdout: '' })
        expect((await books()).events.sending).toBe(1)

        sandbox.setFaults({ latencyMs: 0 })
        expect((await run(['forward', '-', '--json'])).json()).toMatchObject({ received: 0, users: 1 })
      },
      { latencyMs: 60_000 }
    ))
})

/** A new file is empty, and not a store yet. */
function isStore(file: string): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0
}
