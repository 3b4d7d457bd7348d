import { withDesk, type Desk } from './desk.js'

/** Starts a sandbox and resolves to its address. */
async function listening({ start }: Desk, args: readonly string[]) {
  const running = start(['sandbox', '--port', '0', ...args])
  await running.says(/listening on http/)
  const [, url = ''] = /listening on (http:\/\/[\d.:]+)/.exec(running.stdout) ?? []
  return { running, url }
}

describe('sandbox', () => {
  it('prints one line when it is ready, accepts users, and exits with 130 at a SIGINT', () =>
    withDesk(async (desk) => {
      const { running, url } = await listening(desk, [])
      expect(running.stdout).toBe(`sandbox listening on ${url}, key sandbox-key\n`)
      const headers = { 'x-api-key': 'sandbox-key', 'content-type': 'application/json' }
      const body = JSON.stringify([{ __dopt_identifier: 'u', plan: 'pro' }])
      expect((await fetch(`${url}/identify/bulk`, { method: 'POST', headers, body })).status).toBe(200)

      expect(await (await fetch(`${url}/__sandbox/users/u`)).json()).toMatchObject({ plan: 'pro' })
      running.kill('SIGINT')
      expect(await running.end).toMatchObject({ code: 130, stderr: '' })
    }))

  it('exits with 0 at a SIGTERM', () =>
    withDesk(async (desk) => {
      const { running } = await listening(desk, [])
      running.kill('SIGTERM')
      expect((await running.end).code).toBe(0)
    }))

  it('has the faults that it is given, and does not print a key that it is given', () =>
    withDesk(async (desk) => {
      const { running, url } = await listening(desk, [
        ...['--api-key', 'CHOSEN', '--reject-user', 'a', '--reject-user', 'b', '--strict-properties'],
        ...['--latency', '1', '--fail-rate', '0']
      ])
      const status = async (entry: object, key = 'CHOSEN'): Promise<number> => {
        const headers = { 'x-api-key': key, 'content-type': 'application/json' }
        return (await fetch(`${url}/identify/bulk`, { method: 'POST', headers, body: JSON.stringify([entry]) })).status
      }

      expect(await status({ __dopt_identifier: 'a' })).toBe(400)
      expect(await status({ __dopt_identifier: 'b' })).toBe(400)
      expect(await status({ __dopt_identifier: 'c', nested: {} })).toBe(400)
      expect(await status({ __dopt_identifier: 'c' })).toBe(200)
      expect(await status({ __dopt_identifier: 'c' }, 'sandbox-key')).toBe(401)
      expect(running.stdout).not.toContain('CHOSEN')
    }))

  it('fails with the given status and Retry-After', () =>
    withDesk(async (desk) => {
      const { url } = await listening(desk, ['--fail-rate', '1', '--fail-status', '429', '--retry-after', '7'])

      const { status, headers } = await fetch(`${url}/identify/bulk`, {
        method: 'POST',
        headers: { 'x-api-key': 'sandbox-key', 'content-type': 'application/json' },
        body: '[]'
      })

      expect([status, headers.get('retry-after')]).toEqual([429, '7'])
    }))

  it('does not use the real key in the environment', () =>
    withDesk(async (desk) => {
      const running = desk.start(['sandbox', '--port', '0'], { env: { DOPT_API_KEY: 'REAL' } })
      await running.says(/key sandbox-key\n/)
    }))

  it.each([
    [['--fail-rate', '2'], /^error: --fail-rate must be a number from 0 to 1, not 2\n$/],
    [['--port', '99999'], /^error: --port must be a whole number from 0 to 65535, not 99999\n$/],
    [['--fail-status', '200'], /^error: --fail-status must be a whole number from 300 to 599, not 200\n$/]
  ])('refuses %j with 2 and one line', (args, line) =>
    withDesk(async ({ run }) => {
      const { code, stdout, stderr } = await run(['sandbox', ...args])
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toMatch(line)
    })
  )

  it('says in one line that its port is in use', () =>
    withDesk(async ({ run, sandbox }) => {
      const { port } = new URL(sandbox.url)
      const { code, stderr } = await run(['sandbox', '--port', port])

      expect(code).toBe(2)
      expect(stderr).toBe(
        `error: port ${port} is in use: stop the program that uses it, or choose another with --port\n`
      )
    }))
})
