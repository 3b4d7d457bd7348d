import { SqliteStore } from '../../src/store/sqlite-store.js'
import type { NewRejection } from '../../src/store/store.js'
import { expectBalanced } from '../helpers/expect-balanced.js'
import { expectRefused, identify, ndjson, STORE, until, usersOf, withDesk, type Desk } from './desk.js'

const REJECTING = { rejectUsers: ['u2', 'u3'] }

/** Events of four users, two of which fail. */
async function forwardSome({ run }: Desk): Promise<void> {
  await run(['forward', '-'], { input: ndjson([1, 2, 3, 4].map((number) => identify(number))) })
}

/** The number of a failed batch. */
async function findFailedBatch({ run }: Desk): Promise<string> {
  const { batches } = (await run(['batches', '--state', 'failed', '--json'])).json() as {
    batches: Array<{ id: number }>
  }
  return String(batches[0]?.id)
}

describe('replay of what failed', () => {
  it('puts it back, delivers it, and sums that up', () =>
    withDesk(async (desk) => {
      await forwardSome(desk)
      desk.sandbox.setFaults({ rejectUsers: ['u3'] })

      const { code, json, stderr } = await desk.run(['replay', '--failed', '--json'])

      expect(code).toBe(1)
      expect(json()).toMatchObject({
        ...{ received: 2, accepted: 2, duplicates: 0, rejected: 0, ignored: 0, ignoredReasons: {} },
        ...{ delivered: 1, superseded: 0, failed: 1, pending: 0, users: 1 }
      })
      expect(stderr).toMatch(/^1 failed: see /)
      expect(usersOf(desk.sandbox)).toMatchObject({ u2: { number: 2 } })

      desk.sandbox.setFaults({ rejectUsers: [] })
      expect(await desk.run(['replay', '--failed'])).toMatchObject({ code: 0, stderr: '' })
      expect((await desk.books()).events).toMatchObject({ delivered: 4, failed: 0 })
      expectBalanced(await desk.books())
      expect(await desk.run(['replay', '--failed'])).toMatchObject({ code: 0, stderr: 'nothing to replay\n' })
    }, REJECTING))

  it('replays one batch or one user, and with --dry-run only shows what would be replayed', () =>
    withDesk(async (desk) => {
      await forwardSome(desk)
      desk.sandbox.setFaults({ rejectUsers: [] })
      const id = await findFailedBatch(desk)

      const preview = await desk.run(['replay', '--failed', '--dry-run', '--json'], { env: { DOPT_API_KEY: '' } })
      const words = await desk.run(['replay', '--user', 'u3', '--dry-run'])
      expect(preview).toMatchObject({ code: 0, stderr: '' })
      expect(preview.json()).toEqual({ failed: { batches: 2, events: 2, users: 2, groups: 0 }, rejected: null })
      expect(words.stdout).toBe('would replay 1 event of 1 user from 1 failed batch\n')
      expect((await desk.books()).events).toMatchObject({ failed: 2, pending: 0 })

      expect((await desk.run(['replay', '--batch', id, '--json'])).json()).toMatchObject({ accepted: 1, delivered: 1 })
      expect((await desk.run(['replay', '--user', 'u1', '--json'])).json()).toMatchObject({ accepted: 0, calls: 0 })
      expect((await desk.run(['replay', '--since', '1h', '--until', '2126-01-01', '--json'])).json()).toMatchObject({
        ...{ accepted: 1, delivered: 1 }
      })
      expect((await desk.books()).events).toMatchObject({ failed: 0, delivered: 4 })
    }, REJECTING))

  it('continues a replay of a batch that a refused key has ended, and refuses the batch only when nothing waits', () =>
    withDesk(async (desk) => {
      await forwardSome(desk)
      desk.sandbox.setFaults({ rejectUsers: [] })
      const replay = ['replay', '--batch', await findFailedBatch(desk)]
      expect(await desk.run(replay, { env: { DOPT_API_KEY: 'wrong' } })).toMatchObject({ code: 1 })
      expect(await desk.run(replay)).toMatchObject({
        ...{ code: 0, stderr: 'nothing more to replay; delivering 1 undelivered event\n' }
      })
      expect((await desk.books()).events).toMatchObject({ failed: 1, delivered: 3, pending: 0, retrying: 0 })
      expect(await desk.run(replay)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('is replayed') as string
      })
    }, REJECTING))

  it('never takes a user back to older values: what newer events have delivered meanwhile is left out', () =>
    withDesk(
      async ({ run, sandbox }) => {
        const old = identify(1, { userId: 'u', traits: { plan: 'old', age: 7 } })
        await run(['forward', '-'], { input: ndjson([old, identify(2, { userId: 'u', timestamp: old['timestamp'] })]) })
        sandbox.setFaults({ rejectUsers: [] })
        await run(['forward', '-'], {
          input: ndjson([identify(9, { userId: 'u', traits: { plan: 'new', number: 9 } })])
        })

        const { json } = await run(['replay', '--failed', '--json'])

        expect(json()).toMatchObject({ accepted: 2, delivered: 1, superseded: 1, users: 1 })
        expect(usersOf(sandbox)).toEqual({ u: { plan: 'new', number: 9, age: 7 } })
      },
      { rejectUsers: ['u'] }
    ))

  it('works alongside a running sender, which delivers what was put back', () =>
    withDesk(async (desk) => {
      const input = ndjson([1, 2, 3, 4].map((number) => identify(number)))
      const sender = desk.start(['forward', '-'], { input, holdInput: true })
      await until(() => desk.sandbox.users.size === 2)
      await until(async () => (await desk.books()).events.failed === 2)
      desk.sandbox.setFaults({ rejectUsers: ['u3'] })

      const { code, json, errors } = await desk.run(['replay', '--failed', '--json'])
      const keyless = await desk.run(['replay', '--failed', '--json'], { env: { DOPT_API_KEY: '' } })

      expect(code).toBe(1)
      expect(json()).toMatchObject({ accepted: 2, delivered: 1, failed: 1, pending: 0, calls: 0 })
      expect(errors()[0]).toBe(
        'another process is sending from this store: the events are put back, and that process delivers them'
      )
      expect(keyless.json()).toMatchObject({ accepted: 1, failed: 1 })
      sender.kill('SIGTERM')
      expect((await sender.end).code).toBe(130)
      expect(Object.keys(usersOf(desk.sandbox))).toContain('u2')
    }, REJECTING))

  it('names the process whose key is refused if it is another one', () =>
    withDesk(async (desk) => {
      await desk.run(['forward', '-'], { input: ndjson([2, 3].map((number) => identify(number))) })
      const env = { DOPT_API_KEY: 'wrong' }
      const sender = desk.start(['forward', '-'], { input: ndjson([identify(1)]), holdInput: true, env })
      await sender.says(/Dopt refuses the API key/)
      const nothing = await desk.run(['replay', '--user', 'u1'])
      const { code, stderr } = await desk.run(['replay', '--failed'])

      expect(nothing).toMatchObject({ code: 0, stderr: 'nothing to replay\n' })
      expect(code).toBe(1)
      const words = `it is the key of process ${sender.pid}, which is sending from this store; restart that process with the right key`
      expect(stderr).toContain(words)
      expect(stderr).not.toContain('run the same command again')
    }, REJECTING))

  it('gives up alongside a sender that makes no progress, and everything is kept', () =>
    withDesk(
      async (desk) => {
        const sender = desk.start(['forward', '-'], { input: ndjson([identify(2)]), holdInput: true })
        await sender.says(/retrying in/)
        desk.sandbox.setFaults({ failStatus: 400 })
        await until(async () => (await desk.books()).events.failed === 1)
        desk.sandbox.setFaults({ failStatus: 503, retryAfterS: 60 })

        const { code, json, stderr } = await desk.run(['replay', '--failed', '--json', '--give-up-after', '300ms'])

        expect(code).toBe(1)
        expect(json()).toMatchObject({ accepted: 1, delivered: 0, failed: 0, pending: 1 })
        expect(stderr).toMatch(/^gave up after 300 ms without progress .*: 1 event undelivered, kept in /m)
      },
      { failRate: 1, failStatus: 503, retryAfterS: 0 }
    ))

  it('loses nothing when it is killed in the middle', () =>
    withDesk(
      async ({ run, start, sandbox, books }) => {
        await run(['forward', '-'], { input: ndjson(Array.from({ length: 24 }, (_, number) => identify(number))) })
        expect((await books()).events.failed).toBe(24)
        sandbox.reset()
        sandbox.setFaults({ failRate: 0, latencyMs: 30 })
        const replay = start(['replay', '--failed', '--batch-size', '2'])
        await until(() => sandbox.stats.calls >= 3)
        replay.kill('SIGKILL')
        await replay.end
        expectBalanced(await books())

        const { json } = await run(['replay', '--failed', '--json'])

        expect(json()).toMatchObject({ pending: 0, failed: 0 })
        expect((await books()).events).toMatchObject({ delivered: 24, failed: 0, pending: 0 })
        expect(sandbox.users.size).toBe(24)
      },
      { failRate: 1, failStatus: 400 }
    ))

  it('asks what to replay if nothing is selected', () =>
    withDesk(async (desk) => {
      await forwardSome(desk)
      expectRefused(await desk.run(['replay']), /^error: say what to replay: --failed, --batch ID, .* or --rejected/)
      expectRefused(
        await desk.run(['replay', '--since', '2026-02-01', '--until', '2026-01-01']),
        /^error: --since must be earlier than --until: swap them, or leave one out$/
      )
      expectRefused(
        await desk.run(['replay', '--rejected', '--user', 'u']),
        /^error: --rejected cannot be combined with --batch, --user or --group/
      )
      expectRefused(await desk.run(['replay', '--batch', 'x']), /^error: --batch must be a whole number from 1 /)
    }))

  it('reports a batch that does not exist or has not failed, and exits with 1', () =>
    withDesk(async ({ run }) => {
      await run(['forward', '-'], { input: ndjson([identify(1), identify(2)]) })

      expect(await run(['replay', '--batch', '99'])).toMatchObject({
        ...{ code: 1, stdout: '', stderr: 'error: ./dopt-destination.db has no batch 99\n' }
      })
      expect((await run(['replay', '--batch', '1'])).stderr).toMatch(
        /^error: batch 1 was split into 2 and 3: replay those that failed\n$/
      )
      const { batches } = (await run(['batches', '--state', 'delivered', '--json'])).json() as {
        batches: Array<{ id: number }>
      }
      expect((await run(['replay', '--batch', String(batches[0]?.id)])).stderr).toMatch(
        /^error: batch \d+ is delivered, not failed: there is nothing to replay\n$/
      )
    }, REJECTING))
})

describe('replay of what was rejected', () => {
  /** Rejections as an earlier version, or other options, may have left them. */
  async function leaveRejections({ path }: Desk, rejections: readonly NewRejection[]): Promise<void> {
    const store = SqliteStore.open(path(STORE))
    await store.accept({ events: [], rejections, ignored: {} })
    await store.close()
  }

  const rejection = (source: string, raw: string, complete = true): NewRejection => ({
    ...{ source, reason: 'an old reason', raw, complete, receivedAt: Date.now() }
  })
  const LEFT = [
    rejection('a:1', JSON.stringify(identify(1))),
    rejection('a:2', JSON.stringify(identify(2, { traits: 'VALUE' }))),
    rejection('a:3', '{"type":"identify","userId":"u3","traits":{"x":"VALU', false),
    rejection('a:4', '{"type": VALUE}'),
    rejection('a:5', JSON.stringify({ type: 'track', userId: 'u5' }))
  ]

  it('accepts what can be translated now, and keeps the rest unchanged', () =>
    withDesk(async (desk) => {
      await leaveRejections(desk, LEFT)

      const preview = await desk.run(['replay', '--rejected', '--dry-run'])
      const first = await desk.run(['replay', '--rejected', '--json'])
      const second = await desk.run(['replay', '--rejected', '--json'])

      expect(preview.stdout).toContain('5 rejected events kept: 1 would be accepted now, 1 ignored, 3 rejected again\n')
      expect(preview.stdout).toMatch(/a:2 +traits is a string, not an object\n/)
      expect(first.code).toBe(1)
      expect(first.json()).toMatchObject({
        ...{ received: 5, accepted: 1, rejected: 3, ignored: 1, ignoredReasons: { type: 1 }, delivered: 1, pending: 0 }
      })
      expect(first.errors().slice(0, 3)).toEqual([
        'a:2: traits is a string, not an object',
        'a:3: an old reason (only its beginning was kept: forward it again from its source)',
        'a:4: an old reason'
      ])
      expect(second.json()).toMatchObject({ received: 3, accepted: 0, rejected: 3 })
      expect([preview, first, second].map(({ stdout, stderr }) => stdout + stderr).join()).not.toContain('VALU')
      expect(await desk.books()).toMatchObject({ rejected: 3, events: { delivered: 1 } })
      expect(usersOf(desk.sandbox)).toEqual({ u1: { number: 1 } })
    }))

  it('finds nothing outside the given time', () =>
    withDesk(async (desk) => {
      await leaveRejections(desk, LEFT)

      const { code, json } = await desk.run(['replay', '--rejected', '--until', '1h', '--json'])

      expect(code).toBe(0)
      expect(json()).toMatchObject({ received: 0 })
      expect((await desk.books()).rejected).toBe(5)
    }))
})
