import { join } from 'node:path'
import { identify, ndjson, STORE, withDesk } from '../cli/desk.js'
import { withCommand } from '../helpers/child-process.js'
import { until } from './until.js'

// Real processes, killed at moments of chance on machines that may be busy: once more tells a slow machine from a defect.
jest.retryTimes(1, { logErrorsBeforeRetry: true })

/** Holds the write lock of the store at argv[2], as a long commit or a backup tool does, until it is told to let go. */
const LOCKER = `
  const db = new (require('better-sqlite3'))(process.argv[1])
  db.exec('begin immediate')
  console.log('locked')
  process.stdin.once('data', () => { db.exec('commit'); db.close(); process.exit() })`

/** For longer than SQLite itself is told to wait. */
const HELD_MS = 1500

describe('a store that another program has locked for a while', () => {
  it('takes in and sends nothing meanwhile, can be read and opened, and goes on when the lock is gone', () =>
    withDesk(async ({ start, run, dir, books, sandbox }) => {
      const input = (from: number): string => ndjson(Array.from({ length: 5 }, (_, n) => identify(from + n)))
      expect((await run(['forward', '-'], { input: input(0) })).code).toBe(0)
      const locker = [process.execPath, '-e', LOCKER, join(dir, STORE)]
      await withCommand(locker, async (other) => {
        expect(await other.nextLine()).toBe('locked')
        const lockedAt = Date.now()
        const forward = start(['forward', '-', '--json'], { input: input(10) })
        expect((await run(['status', '--json'])).json()).toMatchObject({ events: { delivered: 5, pending: 0 } })
        await until(() => Date.now() - lockedAt > HELD_MS, 'the time to pass')
        expect(sandbox.users.size).toBe(5)
        expect((await books()).intake.accepted).toBe(5)

        other.say('let go')
        const { code, stdout } = await forward.end
        expect(code).toBe(0)
        expect(JSON.parse(stdout)).toMatchObject({ accepted: 5, delivered: 5 })
        expect(sandbox.users.size).toBe(10)
      })
    }))

  it('is told to the clients of a server before they give up, and costs the call that was under way nothing', () =>
    withDesk(async ({ start, dir, books, sandbox }) => {
      const server = start(['serve', '--port', '0', '--flush-interval', '0'])
      await server.says(/listening on http/)
      const url = /http:\S+/.exec(server.stdout)?.[0] ?? ''
      const post = (body: object): Promise<Response> =>
        fetch(`${url}/v1/identify`, { method: 'POST', body: JSON.stringify(body), signal: AbortSignal.timeout(9000) })
      sandbox.setFaults({ latencyMs: 1500 })
      expect((await post(identify(0))).status).toBe(200)
      await until(async () => (await books()).events.sending === 1, 'the first call to be under way')

      await withCommand([process.execPath, '-e', LOCKER, join(dir, STORE)], async (other) => {
        expect(await other.nextLine()).toBe('locked')
        const answer = await post(identify(1))
        expect(answer.status).toBe(503)
        expect(await answer.json()).toMatchObject({ code: 'store_busy' })
        other.say('let go')
        expect((await post(identify(1))).status).toBe(200)
      })
      await until(async () => (await books()).events.delivered === 2, 'both users to be delivered')
      // One of them, without users, was the check of the key at the start.
      expect(sandbox.stats).toMatchObject({ calls: 3, users: 2 })
      server.kill('SIGTERM')
      expect((await server.end).code).toBe(0)
    }))
})
