import { existsSync, readFileSync } from 'node:fs'
import { STORE, expectRefused, identify, ndjson, withDesk } from './desk.js'

describe('forget', () => {
  it('leaves no trace of the user in the files of the store, and everybody else as they were', () =>
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

  it('says so when it holds nothing of the user, and is refused without one or without a store', () =>
    withDesk(async ({ run }) => {
      expectRefused(await run(['forget', 'u1']), /there is no store/)
      await run(['forward'], { input: ndjson([identify(1)]) })
      expect(await run(['forget', 'nobody'])).toMatchObject({
        code: 0,
        stdout: 'the store holds nothing of that user\n'
      })
      expectRefused(await run(['forget']), /missing required argument/)
      expectRefused(await run(['forget', '']), /name one user/)
    }))

  it('works beside a running sender', () =>
    withDesk(
      async ({ run, start, sandbox, books }) => {
        const running = start(['forward', '--json'], { input: ndjson([identify(1), identify(2)]) })
        await running.says(/trying again/)
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

describe('prune', () => {
  it('removes what is old enough and keeps what failed or was rejected, until it is named', () =>
    withDesk(
      async ({ run, books }) => {
        await run(['forward'], { input: ndjson([identify(1), identify(2), identify(3, { traits: 1 })]) })
        expect((await run(['prune', '--json'])).json()).toMatchObject({ removed: 0 })
        const { code, stdout } = await run(['prune', '--older-than', '0'])
        expect(code).toBe(0)
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
