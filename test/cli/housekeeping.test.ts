import { existsSync, readFileSync } from 'node:fs'
import type { Books } from '../../src/store/store.js'
import { STORE, expectRefused, identify, ndjson, until, withDesk, type Desk } from './desk.js'

describe('forget', () => {
  it('leaves no trace of the user in the files of the store, and everybody else unchanged', () =>
    withDesk(async ({ run, path }) => {
      const secret = 'someone.particular@example.com'
      await run(['forward'], {
        input: ndjson([
          identify(1, { traits: { email: secret } }),
          identify(2),
          identify(1, { messageId: 'm3', traits: secret })
        ])
      })
      const bytes = (): string =>
        [STORE, `${STORE}-wal`, `${STORE}-shm`, `${STORE}-sender`]
          .map(path)
          .filter((file) => existsSync(file))
          .map((file) => readFileSync(file, 'latin1'))
          .join('')
      expect(bytes()).toContain(secret)

      const { code, json, stderr } = await run(['forget', 'u1', '--json'])

      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(json()).toEqual({ events: 1, rejections: 1 })
      expect(bytes()).not.toContain(secret)
      const status = (await run(['status', '--json'])).json()
      expect(status).toMatchObject({ events: { delivered: 1, failed: 0 }, removed: 1, rejected: 0 })
      expect((await run(['status'])).stdout).toMatch(/^ {2}removed +1 {2}by forget or prune$/m)
    }))

  it('says so if there is nothing about the user, and is refused without a user or without a store', () =>
    withDesk(async ({ run }) => {
      expectRefused(await run(['forget', 'u1']), /there is no store/)
      await run(['forward'], { input: ndjson([identify(1)]) })
      expect(await run(['forget', 'nobody'])).toMatchObject({
        code: 0,
        stdout: 'the store has nothing about that user\n'
      })
      expectRefused(await run(['forget']), /missing required argument/)
      expectRefused(await run(['forget', '']), /give one user/)
    }))

  it('says how many events and how many rejected events it removed, if there were any', () =>
    withDesk(async ({ run }) => {
      const bad = (user: number) => identify(user, { messageId: `bad-${user}`, traits: 'text' })
      await run(['forward', '--accept-only'], { input: ndjson([identify(1), identify(2), bad(2), bad(3)]) })
      const removed: string[] = []
      for (const user of ['u1', 'u2', 'u3']) removed.push((await run(['forget', user])).stdout)
      expect(removed).toEqual([
        ...['removed 1 event\n', 'removed 1 event and 1 rejected event\n', 'removed 1 rejected event\n']
      ])
    }))

  it('leaves no failed batch behind if its events were the only ones', () =>
    withDesk(
      async ({ run, start, books }) => {
        const running = start(['forward'], { input: ndjson([identify(1), identify(2)]), holdInput: true })
        await until(async () => (await booksOf(books))?.events.failed === 1)
        const { batches } = (await run(['batches', '--state', 'failed', '--json'])).json() as {
          batches: Array<{ id: number }>
        }
        await run(['forget', 'u2'])
        running.kill('SIGINT')

        expect((await running.end).stderr).not.toContain('failed')
        expect(await run(['batches', '--state', 'failed'])).toMatchObject({ stdout: '', stderr: 'no batches\n' })
        expect((await run(['status'])).stdout).toMatch(/^ {2}failed +0$/m)
        const emptied = await run(['show', String(batches[0]?.id)])
        expect(emptied.stdout).toMatch(/^next +nothing: none of its events is left$/m)
      },
      { rejectUsers: ['u2'] }
    ))

  it('works alongside a running sender', () =>
    withDesk(
      async ({ run, start, sandbox, books }) => {
        const running = start(['forward', '--json'], { input: ndjson([identify(1), identify(2)]) })
        await running.says(/retrying in/)
        expect(await run(['forget', 'u1'])).toMatchObject({ code: 0 })
        sandbox.setFaults({ failRate: 0 })
        const { code, stdout } = await running.end
        expect(code).toBe(0)
        expect(JSON.parse(stdout)).toMatchObject({ accepted: 2, delivered: 1, pending: 0, removed: 1 })
        expect([...sandbox.users.keys()]).toEqual(['u2'])
        expect((await books()).removed).toBe(1)
      },
      { failRate: 1, failStatus: 503 }
    ))
})

/** While the store is being created, there are none. */
async function booksOf(books: Desk['books']): Promise<Books | undefined> {
  return books().catch(() => undefined)
}

describe('prune', () => {
  it('leaves a status that says how many of the delivered events are kept', () =>
    withDesk(async ({ run }) => {
      await run(['forward'], { input: ndjson([identify(1), identify(2)]) })
      await run(['prune', '--older-than', '0'])
      const none = (await run(['status'])).stdout
      await run(['forward'], { input: ndjson([identify(3)]) })
      const one = (await run(['status'])).stdout

      expect(none).toMatch(/^ {2}delivered +2 {2}no longer kept$/m)
      expect(none).toMatch(/^rate +0 events delivered in the last minute, not counting those no longer kept$/m)
      expect(one).toMatch(/^ {2}delivered +3 {2}1 in 1 batch, 2 no longer kept$/m)
      expect(one).toMatch(/^rate +1 event delivered in the last minute, not counting those no longer kept$/m)
    }))

  it('removes what is old enough, but failed and rejected events only if asked to', () =>
    withDesk(
      async ({ run, books }) => {
        await run(['forward'], { input: ndjson([identify(1), identify(2), identify(3, { traits: 1 })]) })
        expect((await run(['prune', '--json'])).json()).toMatchObject({ removed: 0 })
        expect((await run(['prune', '--failed', '--rejected'])).stderr).toBe(
          'kept, because not old enough: 1 failed event, 1 rejected event (change --older-than)\n'
        )
        const { code, stdout, stderr } = await run(['prune', '--older-than', '0'])
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
        expect(stdout).toMatch(/^removed 1 event: .* before, .* now\n$/)
        expect(await books()).toMatchObject({ events: { delivered: 1, failed: 1 }, rejected: 1 })
        expect((await run(['show', 'm1'])).code).toBe(1)

        expect((await run(['prune', '--older-than', '0', '--failed', '--rejected', '--json'])).json()).toMatchObject({
          removed: 2
        })
        expect(await books()).toMatchObject({ events: { delivered: 1, failed: 0 }, removed: 1, rejected: 0 })
      },
      { rejectUsers: ['u2'] }
    ))
})
