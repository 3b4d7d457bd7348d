import { existsSync } from 'node:fs'
import { withServer } from '../helpers/with-server.js'
import { identify, ndjson, STORE, withDesk } from './desk.js'

describe('check', () => {
  it('reports that all is well, and creates nothing', () =>
    withDesk(async ({ run, path, sandbox }) => {
      const page = await run(['check'])
      const document = await run(['check', '--json'])

      expect(page).toMatchObject({ code: 0, stderr: '' })
      expect(page.stdout).toMatch(/^✓ configuration {2}no config file, API key from the environment/m)
      expect(page.stdout).toMatch(/^✓ store +\.\/dopt-destination\.db does not exist yet; it will be created$/m)
      expect(page.stdout).toMatch(/^✓ endpoint +http:\/\/127\.0\.0\.1:\d+ answered in \d+ ms$/m)
      expect(page.stdout).toMatch(/^✓ key +Dopt accepts it$/m)
      expect(document.json()).toMatchObject({
        ok: true,
        checks: [{ name: 'configuration' }, { name: 'store' }, { name: 'endpoint' }, { name: 'key', ok: true }]
      })
      expect(existsSync(path(STORE))).toBe(false)
      expect(sandbox.users.size).toBe(0)
    }))

  it('reports what an existing store contains', () =>
    withDesk(async ({ run }) => {
      await run(['forward', '-', '--accept-only'], { input: ndjson([identify(1)]) })

      expect((await run(['check'])).stdout).toMatch(/^✓ store +\.\/dopt-destination\.db, .*, 1 event undelivered$/m)
    }))

  it.each<[string, Record<string, string>, RegExp]>([
    ['no key', { DOPT_API_KEY: '' }, /^✗ configuration +no API key: set DOPT_API_KEY/m],
    [
      'a wrong key',
      { DOPT_API_KEY: 'SECRET' },
      /^✗ key +Dopt refuses it \(401 .*\): copy the users API key from Dopt again/m
    ],
    [
      'an address where nothing is',
      { DOPT_ENDPOINT: 'http://127.0.0.1:1' },
      /^✗ endpoint +cannot reach http:\/\/127\.0\.0\.1:1 .*: check --endpoint/m
    ],
    ['a setting out of range', { DOPT_CONCURRENCY: '0' }, /^✗ configuration +DOPT_CONCURRENCY must be/m],
    ['a setting that only other commands have', { DOPT_PORT: 'x' }, /^✗ configuration +DOPT_PORT must be/m],
    ['a store that is none', { DOPT_STORE: '/etc/hostname' }, /^✗ store +\/etc\/hostname is not a database/m],
    ['a folder that is not there', { DOPT_STORE: 'no/where.db' }, /^✗ store +the folder no does not exist/m]
  ])('says of %s how to mend it, and ends with 2', (_, env, line) =>
    withDesk(async ({ run }) => {
      const { code, stdout } = await run(['check'], { env })
      const { json } = await run(['check', '--json'], { env })

      expect(code).toBe(2)
      expect(stdout).toMatch(line)
      expect(stdout).not.toContain('SECRET')
      expect(json()).toMatchObject({ ok: false })
    })
  )

  it('names every invalid setting at once, each in a line of its own', () =>
    withDesk(async ({ run, write }) => {
      write('dopt-destination.config.json', '{ "batchSize": 101 }')
      const { code, stdout } = await run(['check'], { env: { DOPT_PORT: 'x', DOPT_CONCURRENCY: '0' } })
      expect(code).toBe(2)
      expect(stdout.trimEnd().split('\n').sort()).toEqual([
        expect.stringMatching(/^✗ configuration {2}"batchSize" in .* must be .*, not 101$/),
        expect.stringMatching(/^✗ configuration {2}DOPT_CONCURRENCY must be .*, not 0$/),
        expect.stringMatching(/^✗ configuration {2}DOPT_PORT must be .*, not x$/)
      ])
    }))

  it('says which variables look like settings and are none', () =>
    withDesk(async ({ run }) => {
      const { code, stdout } = await run(['check'], { env: { DOPT_BATCHSIZE: '5' } })
      expect(code).toBe(0)
      expect(stdout).toMatch(/^✓ configuration .*, DOPT_BATCHSIZE in the environment is no setting and is ignored$/m)
    }))

  it('leaves it to serve whether it may listen on an address: its keys may be flags', () =>
    withDesk(async ({ run }) => {
      const { code, stdout } = await run(['check'], { env: { DOPT_HOST: '0.0.0.0' } })
      expect(code).toBe(0)
      expect(stdout).toMatch(/^✓ configuration .*, serve needs more: .*set --write-key .* or --shared-secret/m)
      expect(stdout).toMatch(/^✓ key +Dopt accepts it$/m)
      const enough = await run(['check'], { env: { DOPT_HOST: '0.0.0.0', DOPT_WRITE_KEY: 'key' } })
      expect(enough.stdout).not.toContain('serve needs more')
    }))

  it('names what is wrong with addresses and subscriptions at once', () =>
    withDesk(async ({ run, write }) => {
      write('dopt-destination.config.json', '{ "subscriptions": [] }')
      const { code, stdout } = await run(['check'], { env: { DOPT_ENDPOINT: 'bogus', DOPT_PUBLIC_URL: 'bogus' } })
      expect(code).toBe(2)
      expect(stdout.match(/^✗ configuration .*(the endpoint|no subscription|public)/gm)).toHaveLength(3)
    }))

  it('distinguishes an unavailable endpoint from a wrong one', () =>
    withDesk(async ({ run, sandbox, env }) => {
      sandbox.setFaults({ failRate: 1, failStatus: 503 })
      const trouble = await run(['check'])
      const wrong = await run(['check'], { env: { DOPT_ENDPOINT: `${env['DOPT_ENDPOINT']}/nowhere` } })

      expect(trouble).toMatchObject({ code: 2 })
      expect(trouble.stdout).toMatch(/^✗ endpoint +Dopt answers 503 .*: try again later; nothing is lost$/m)
      expect(wrong.stdout).toMatch(
        /^✗ endpoint +http.*\/nowhere is not Dopt's users API \(404 .*check --endpoint and --api$/m
      )
    }))

  it('does not take any web server for Dopt', () =>
    withDesk(({ run }) =>
      withServer(
        (_request, response) => response.end('<!doctype html><h1>Hello</h1>'),
        async ({ url }) => {
          const { code, stdout } = await run(['check'], { env: { DOPT_ENDPOINT: url } })
          expect(code).toBe(2)
          expect(stdout).toMatch(
            /^✗ endpoint +http:.* answered 200, but not in the form that Dopt .*: check --endpoint/m
          )
          expect(stdout).not.toContain('Dopt accepts it')
        }
      )
    ))

  it('finds a config file that is not JSON, also for --json', () =>
    withDesk(async ({ run, write }) => {
      write('dopt-destination.config.json', '{')

      const { code, json } = await run(['check', '--json'])

      expect(code).toBe(2)
      expect(json()).toEqual({
        ok: false,
        checks: [{ name: 'configuration', ok: false, detail: expect.stringContaining('is not valid JSON') as string }]
      })
    }))
})
