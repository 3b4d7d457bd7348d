import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCli } from '../helpers/run-cli.js'
import { withTempDir } from '../helpers/temp-dir.js'

/** The packages that a command loads, according to Node's record of the files it ran. */
const packagesOf = (...args: string[]): Promise<Set<string>> =>
  withTempDir(async (cwd) => {
    const records = join(cwd, 'coverage')
    mkdirSync(records)
    await runCli(args, { cwd, env: { NODE_V8_COVERAGE: records } })
    const urls = readdirSync(records).flatMap((file) => {
      const { result } = JSON.parse(readFileSync(join(records, file), 'utf8')) as { result: Array<{ url: string }> }
      return result.map(({ url }) => url)
    })
    return new Set(urls.flatMap((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? []))
  })

describe('a command starts', () => {
  // Each of these takes longer to load than everything else in a command that only reads the store.
  const large = ['@segment/actions-core', 'got', 'fastify', 'pino', 'prom-client']

  it.each([['--version'], ['status'], ['replay', '--help']])(
    'without what "%s" does not need',
    async (...args: string[]) => {
      const packages = await packagesOf(...args)
      expect([...packages]).toContain('commander')
      expect(large.filter((name) => packages.has(name))).toEqual([])
    }
  )

  it.each(['18.20.8', '20.18.3'])('on no Node as old as %s, and says which it needs', (version) =>
    withTempDir(async (cwd) => {
      const preload = join(cwd, 'old.cjs')
      writeFileSync(preload, `Object.defineProperty(process, 'versions', { value: { node: '${version}' } })`)
      expect(await runCli(['status'], { cwd, env: { NODE_OPTIONS: `--require ${preload}` } })).toMatchObject({
        ...{ code: 2, stdout: '' },
        stderr: `error: dopt-destination needs Node 20.19 or newer, and this is ${version}: https://nodejs.org\n`
      })
    })
  )

  it('without the HTTP client if nothing is sent, and without a logger if no log is requested', async () => {
    const packages = await packagesOf('forward', '--accept-only')
    expect([...packages]).toContain('@segment/actions-core')
    expect([...packages]).not.toContain('got')
    expect([...packages]).not.toContain('pino')
  })
})
