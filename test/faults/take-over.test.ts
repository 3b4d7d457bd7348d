import { foldUsers } from '../helpers/independent-fold.js'
import { identify, ndjson, usersOf, withDesk } from '../cli/desk.js'
import { until } from './until.js'

// Real processes, killed at moments of chance on machines that may be busy: once more tells a slow machine from a defect.
jest.retryTimes(1, { logErrorsBeforeRetry: true })

const users = (from: number, count: number): unknown[] =>
  Array.from({ length: count }, (_, number) => identify(from + number))

describe('two programs on one store', () => {
  it('only the first sends; when it has been killed the second can, and delivers what the first had taken in', () =>
    withDesk(
      async ({ start, run, write, sandbox, books }) => {
        write('second.ndjson', ndjson(users(300, 3)))
        const first = start(['forward', '-', '--batch-size', '10', '--concurrency', '2'], {
          input: ndjson(users(0, 300)),
          holdInput: true
        })
        await until(() => sandbox.stats.calls >= 2, 'two calls')

        const refused = await run(['forward', 'second.ndjson'])
        expect(refused).toMatchObject({ code: 2, stdout: '' })
        expect(refused.stderr).toMatch(/another process is sending from/)
        expect((await run(['status', '--json'])).json()).toMatchObject({ sender: { pid: first.pid, alive: true } })
        expect((await run(['forward', 'second.ndjson', '--accept-only'])).code).toBe(0)

        first.kill('SIGKILL')
        await first.end
        expect((await books()).intake.accepted).toBe(303)
        sandbox.setFaults({ latencyMs: 0 })
        expect((await run(['forward', 'second.ndjson', '--json'])).json()).toMatchObject({ duplicates: 3, accepted: 0 })
        expect((await books()).events).toMatchObject({ delivered: 303, pending: 0, sending: 0, retrying: 0, failed: 0 })
        const lines = ndjson(users(0, 303)).trimEnd().split('\n')
        expect(usersOf(sandbox)).toEqual(Object.fromEntries(foldUsers(lines)))
      },
      { latencyMs: 150 }
    ))

  it('of many that start at the same moment one sends', () =>
    withDesk(async ({ start, sandbox, books }) => {
      const all = Array.from({ length: 5 }, (_, number) =>
        start(['forward', '-', '--give-up-after', '20s'], { input: ndjson(users(number * 10, 10)), holdInput: true })
      )
      const refused = (): number => all.filter(({ stderr }) => stderr.includes('another process is sending')).length
      await until(() => refused() === 4 && sandbox.users.size === 10, 'one sender')
      expect((await books()).intake.accepted).toBe(10)
    }))
})
