import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DEFAULTS } from '../../src/options.js'
import { DELIVERY_SETTINGS } from '../../src/cli/common-options.js'
import { identify, ndjson, usersOf, withDesk } from './desk.js'

const COMMANDS = [
  ...['forward', 'serve', 'status', 'batches', 'show', 'replay', 'forget', 'prune', 'check', 'preview', 'sandbox']
]

describe('the command line', () => {
  it('prints its version', () =>
    withDesk(async ({ run }) => {
      const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as { version: string }
      expect(await run(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' })
    }))

  it('explains itself, with the environment and the exit codes at the end', () =>
    withDesk(async ({ run }) => {
      const { code, stdout } = await run(['--help'])
      expect(code).toBe(0)
      for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'))
      expect(stdout).toMatch(/Environment:\n {2}DOPT_API_KEY [^]*Exit codes:\n {2}0 [^]* {2}130 {2}interrupted\n$/)
      expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    }))

  it.each(COMMANDS)('explains %s, with examples', (command) =>
    withDesk(async ({ run }) => {
      const { code, stdout } = await run([command, '--help'])
      expect(code).toBe(0)
      expect(stdout).toMatch(new RegExp(`Examples:\\n {2}\\$ [^]*dopt-destination ${command}`))
      if (!['preview', 'sandbox'].includes(command)) expect(stdout).toContain('DOPT_STORE')
    })
  )

  it('reports an unknown command, also after help', () =>
    withDesk(async ({ run }) => {
      for (const args of [['nope'], ['help', 'nope']]) {
        expect(await run(args)).toMatchObject({
          code: 2,
          stdout: '',
          stderr: "error: unknown command 'nope': see --help\n"
        })
      }
      expect((await run(['help', 'show'])).stdout).toBe((await run(['show', '--help'])).stdout)
    }))

  it('prints its help on standard error and exits with 2 without a command', () =>
    withDesk(async ({ run }) => {
      const { code, stdout, stderr } = await run([])
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toContain('Usage: dopt-destination ')
    }))

  it('names the next command with the store and the config file that it was given', () =>
    withDesk(async ({ run, write }) => {
      write('prod.json', JSON.stringify({ store: 'file.db' }))
      const input = ndjson([identify(1)])
      await run(['forward', '-', '--accept-only', '--config', 'prod.json'], { input })
      expect((await run(['status', '--config', 'prod.json'])).stdout).toContain(
        'forward - </dev/null --config prod.json'
      )
      expect((await run(['status', '--config', 'prod.json', '--store', './file.db'])).stdout).toContain(
        'forward - </dev/null --config prod.json --store ./file.db'
      )
    }))

  it('names the next command with the flags about the endpoint, if that command needs them', () =>
    withDesk(
      async ({ run, sandbox }) => {
        const input = ndjson([identify(1, { traits: 1 }), identify(2)])
        const flags = ['--endpoint', sandbox.url, '--api', 'batch', '--nested-properties', 'drop']
        const { stderr } = await run(['forward', '-', ...flags], { input })
        expect(stderr).toContain(`"dopt-destination replay --rejected --dry-run ${flags.join(' ')}"`)
        expect(stderr).toContain('"dopt-destination batches --state failed"')
      },
      { rejectUsers: ['u2'] }
    ))

  it('prefers a flag to the environment, that to the config file, and that to the default', () =>
    withDesk(async ({ run, write, sandbox, books }) => {
      write('dopt-destination.config.json', JSON.stringify({ store: 'file.db', batchSize: 2, retryWindow: '1h' }))
      const input = ndjson([1, 2, 3, 4, 5, 6].map((number) => identify(number)))

      await run(['forward', '-'], { input })
      expect((await books('file.db')).events.delivered).toBe(6)
      expect(sandbox.stats.maxBatch).toBe(2)

      await run(['forward', '-'], { input, env: { DOPT_STORE: 'env.db', DOPT_BATCH_SIZE: '3' } })
      expect((await books('env.db')).events.delivered).toBe(6)
      expect(sandbox.stats.maxBatch).toBe(3)

      await run(['forward', '-', '--store', 'flag.db', '--batch-size=4'], { input, env: { DOPT_STORE: 'env.db' } })
      expect((await books('flag.db')).events.delivered).toBe(6)
      expect(sandbox.stats.maxBatch).toBe(4)

      write('other.json', JSON.stringify({ store: 'other.db', apiKey: 'sandbox-key' }))
      await run(['forward', '-', '--config', 'other.json'], { input, env: { DOPT_API_KEY: '' } })
      expect((await books('other.db')).events.delivered).toBe(6)
      expect(sandbox.stats.maxBatch).toBe(6)
    }))

  it('uses the other generation of the API, and sends nested traits as configured', () =>
    withDesk(async ({ run, sandbox }) => {
      const input = ndjson([identify(1, { traits: { a: { b: 1 } } })])
      expect((await run(['forward', '-', '--api', 'batch', '--nested-properties', 'stringify'], { input })).code).toBe(
        0
      )
      expect(sandbox.requests.at(-1)?.path).toBe('/identify/batch')
      expect(usersOf(sandbox)).toEqual({ u1: { a: '{"b":1}' } })
    }))

  it('names the defaults that the core has', () => {
    const shown = Object.fromEntries(DELIVERY_SETTINGS.map(({ key, defaultText }) => [key, defaultText]))
    expect(shown).toMatchObject({
      endpoint: DEFAULTS.endpoint,
      api: DEFAULTS.api,
      store: DEFAULTS.store,
      batchSize: String(DEFAULTS.batchSize),
      flushInterval: String(DEFAULTS.flushIntervalMs),
      concurrency: String(DEFAULTS.concurrency),
      nestedProperties: DEFAULTS.nestedProperties
    })
  })

  it('shows where an error came from only at the log level debug', () =>
    withDesk(async ({ run }) => {
      expect((await run(['status'])).stderr).not.toMatch(/^ +at /m)
      expect((await run(['status', '--log-level', 'debug'])).stderr).toMatch(
        /^error: there is no store .*\n[^]*^ +at /m
      )
    }))
})
