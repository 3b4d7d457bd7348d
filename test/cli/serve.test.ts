import { identify, expectRefused, until, usersOf, withDesk, STORE } from './desk.js'

describe('serve', () => {
  it('takes events in over HTTP, delivers them, and ends in good order when it is terminated', () =>
    withDesk(async ({ start, sandbox, books }) => {
      const running = start(['serve', '--port', '0', '--flush-interval', '50'])
      await running.says(/listening on http/)
      const url = /http:\S+/.exec(running.stdout)?.[0] ?? ''
      const batch = [identify(1), identify(2), { type: 'track', messageId: 't', userId: 'u1', event: 'x' }]
      const answer = await fetch(`${url}/v1/batch`, { method: 'POST', body: JSON.stringify({ batch }) })
      expect(answer.status).toBe(200)
      expect(await answer.text()).toBe('{"success":true}')
      await until(() => sandbox.users.size === 2)
      expect(usersOf(sandbox)).toEqual({ u1: { number: 1 }, u2: { number: 2 } })
      expect((await fetch(`${url}/readyz`)).status).toBe(200)
      expect(await (await fetch(`${url}/status`)).json()).toMatchObject({ intake: { received: 3, accepted: 2 } })

      running.kill('SIGTERM')
      expect((await running.end).code).toBe(0)
      expect((await books(STORE)).events).toMatchObject({ delivered: 2, pending: 0 })
    }))

  it('refuses to listen to the world without a write key, and a port that is taken', () =>
    withDesk(async ({ run, start }) => {
      expectRefused(await run(['serve', '--host', '0.0.0.0']), /give --write-key .* or --shared-secret/)
      const running = start(['serve', '--port', '0'])
      await running.says(/listening on http/)
      const port = /:(\d+)\n/.exec(running.stdout)?.[1] ?? ''
      expectRefused(await run(['serve', '--port', port, '--store', 'other.db']), /is in use/)
      expectRefused(await run(['serve', '--port', '0']), /another process is sending/)
    }))
})
