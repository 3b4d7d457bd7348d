import { rmSync } from 'node:fs'
import { exchange } from '../intake/http/raw-socket.js'
import { identify, expectRefused, until, usersOf, withDesk, STORE } from './desk.js'

describe('serve', () => {
  it('receives events over HTTP, delivers them, and shuts down cleanly when it is terminated', () =>
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

  it('writes nothing but JSON to standard error if a log is requested, to the very end', () =>
    withDesk(async ({ start }) => {
      const running = start(['serve', '--port', '0', '--log-level', 'info'])
      await running.says(/listening on http/)
      const url = /http:\S+/.exec(running.stdout)?.[0] ?? ''
      expect((await fetch(`${url}/v1/identify`, { method: 'POST', body: '{' })).status).toBe(400)
      running.kill('SIGTERM')
      const { stderr } = await running.end
      const entries = stderr
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { msg: string; signal?: string })
      const ending = entries.find(({ signal }) => signal === 'SIGTERM')
      expect(ending?.msg).toMatch(/^shutting down/)
    }))

  it('exits, so that a supervisor restarts it, when the thread of its store has ended', () =>
    withDesk(async ({ start, write, path }) => {
      // As a crash in the database's own code would.
      write(
        'preload.cjs',
        `const threads = require('node:worker_threads')
         const { Worker } = threads
         threads.Worker = class extends Worker {
           constructor(...args) {
             super(...args)
             process.once('SIGUSR2', () => this.terminate())
           }
         }
         require('node:module').syncBuiltinESMExports()`
      )
      const running = start(['serve', '--port', '0'], { env: { NODE_OPTIONS: `--require ${path('preload.cjs')}` } })
      await running.says(/listening on http/)
      running.kill('SIGUSR2')

      const { code, stderr } = await running.end
      expect(code).toBe(1)
      expect(stderr).toMatch(
        /^error: the store .* cannot be used any more \(its thread ended\): restart; nothing acknowledged is lost$/m
      )
    }))

  it('acknowledges nothing more when its store is deleted, and exits, so that a supervisor restarts it', () =>
    withDesk(async ({ start, path }) => {
      const running = start(['serve', '--port', '0'])
      await running.says(/listening on http/)
      const url = /http:\S+/.exec(running.stdout)?.[0] ?? ''
      rmSync(path(STORE))
      // Answered with an error, or not at all: the process is ending.
      const answer = await fetch(`${url}/v1/identify`, { method: 'POST', body: JSON.stringify(identify(1)) }).catch(
        () => undefined
      )
      expect(answer?.status ?? 503).toBeGreaterThanOrEqual(500)

      const { code, stderr } = await running.end
      expect(code).toBe(1)
      expect(stderr).toMatch(/^error: .*dopt-destination\.db was deleted, moved or replaced while in use: restart$/m)
    }))

  it('refuses to listen on a public address without a write key', () =>
    withDesk(async ({ run }) => {
      expectRefused(await run(['serve', '--host', '0.0.0.0']), /set --write-key .* or --shared-secret/)
    }))

  it('ends with 1, for a supervisor to try again, while its port or its store is in use', () =>
    withDesk(async ({ run, start }) => {
      const running = start(['serve', '--port', '0'])
      await running.says(/listening on http/)
      const port = /:(\d+)\n/.exec(running.stdout)?.[1] ?? ''
      const inUse = await run(['serve', '--port', port, '--store', 'other.db'])
      expect(inUse).toMatchObject({ code: 1, stdout: '' })
      expect(inUse.stderr).toMatch(
        /^error: port \d+ is in use: stop the program that uses it, or choose another with --port\n$/
      )
      const second = await run(['serve', '--port', '0'])
      expect(second).toMatchObject({ code: 1, stdout: '' })
      expect(second.stderr).toMatch(
        /^error: another process is sending from \S+: stop it first, or name another file with --store\n$/
      )
    }))

  it('reports without any log that Dopt does not accept calls, and when it does again', () =>
    withDesk(
      async ({ start, sandbox }) => {
        const running = start(['serve', '--port', '0', '--flush-interval', '50'])
        await running.says(/listening on http/)
        const url = /http:\S+/.exec(running.stdout)?.[0] ?? ''
        expect(await (await fetch(`${url}/v1/identify`, { method: 'POST', body: '{"userId":"u"}' })).text()).toBe(
          '{"success":true}'
        )

        await running.says(/^Dopt answers 503 internal_server_error .*: retrying in \d/m)
        sandbox.setFaults({ failRate: 0 })
        await running.says(/^Dopt accepts calls again$/m)
      },
      { failRate: 1, failStatus: 503, retryAfterS: 0 }
    ))

  it('reports without any log that Dopt refuses the key, before any event', () =>
    withDesk(async ({ start }) => {
      const running = start(['serve', '--port', '0', '--flush-interval', '50'], { env: { DOPT_API_KEY: 'wrong-key' } })
      await running.says(/listening on http/)
      await running.says(/^Dopt refuses the API key \(401 .*\): events are still accepted and kept; .*DOPT_API_KEY\)$/m)
      expect(running.stderr).not.toContain('wrong-key')
      const url = /http:\S+/.exec(running.stdout)?.[0] ?? ''
      expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ status: 'ready', endpoint: 'key-refused' })
    }))

  it('reports without any log the first refused request of each kind, and at the end how many more there were', () =>
    withDesk(async ({ start }) => {
      const running = start(['serve', '--port', '0', '--write-key', 'the-key'])
      await running.says(/listening on http/)
      const url = /http:\S+/.exec(running.stdout)?.[0] ?? ''
      const post = async (key: string, body: string): Promise<void> => {
        const headers = { authorization: `Basic ${btoa(`${key}:`)}` }
        await (await fetch(`${url}/v1/identify`, { method: 'POST', headers, body })).text()
      }
      for (let n = 0; n < 3; n++) await post('the-wrong-key', '{"userId":"the-user"}')
      await fetch(`${url}/v1/identify`, { method: 'POST', body: '{"userId":"the-user"}' })
      await post('the-key', '{"userId":the-user}')
      await post('the-key', '{"userId":"the-user","traits":"the-trait"}')
      await fetch(`${url}/the-path`)
      expect(await exchange(url, 'the-garbage\r\n\r\n')).toContain('400')
      running.kill('SIGTERM')

      const { stderr } = await running.end
      expect(stderr.trimEnd().split('\n')).toEqual([
        'refused a request (unauthorized): the write key is wrong',
        'refused a request (invalid_json): not JSON: an unexpected character (byte 10)',
        'refused a request (invalid_event): traits is a string, not an object',
        expect.stringMatching(/^refused a request \(not_found\): there is nothing at this path: send events /),
        'refused a request (bad_request): this is not an HTTP request',
        expect.stringMatching(/^shutting down/),
        'refused 3 more requests (unauthorized) in the last hour; the latest: the write key is missing'
      ])
    }))

  it('accepts any of several write keys in the environment, and refuses an empty one', () =>
    withDesk(async ({ start, run }) => {
      expectRefused(await run(['serve'], { env: { DOPT_WRITE_KEY: ',old' } }), /^error: a write key is empty: /)
      const running = start(['serve', '--port', '0'], { env: { DOPT_WRITE_KEY: 'new, old' } })
      await running.says(/listening on http/)
      const url = /http:\S+/.exec(running.stdout)?.[0] ?? ''
      const statusFor = async (key: string): Promise<number> => {
        const headers = { authorization: `Basic ${btoa(`${key}:`)}` }
        return (await fetch(`${url}/v1/identify`, { method: 'POST', headers, body: '{"userId":"u"}' })).status
      }
      expect(await Promise.all(['new', 'old', 'new, old', ''].map(statusFor))).toEqual([200, 200, 401, 401])
    }))

  it('obeys the limits given by flag, environment or file', () =>
    withDesk(async ({ start, write, run }) => {
      write('dopt-destination.config.json', JSON.stringify({ maxBatchEvents: 2, headersTimeout: '5s' }))
      const env = { DOPT_MAX_BATCH_BYTES: '2kb' }
      const running = start(['serve', '--port', '0', '--max-event-bytes', '1kb'], { env })
      await running.says(/listening on http/)
      const url = /http:\S+/.exec(running.stdout)?.[0] ?? ''
      const post = async (path: string, body: object): Promise<unknown> =>
        (await fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body) })).json()
      const wide = (bytes: number) => ({ userId: 'u', traits: { text: 'x'.repeat(bytes) } })

      expect(await post('/v1/identify', wide(1100))).toMatchObject({
        code: 'too_large',
        message: expect.stringContaining('1024') as string
      })
      expect(await post('/v1/batch', { batch: [wide(2100)] })).toMatchObject({
        code: 'too_large',
        message: expect.stringContaining('2048') as string
      })
      expect(await post('/v1/batch', { batch: [1, 2, 3] })).toMatchObject({ code: 'too_many_events' })
      expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^process_resident_memory_bytes \d+/m)
      expectRefused(
        await run(['serve', '--max-batch-bytes', '1kb', '--max-event-bytes', '2kb']),
        /--max-batch-bytes must not/
      )
    }))
})
