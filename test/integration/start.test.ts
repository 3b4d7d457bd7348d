import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const root = resolve(__dirname, '../..')

interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

function start(checkout: string, env: Record<string, string> = {}, before = ''): Ended {
  const script = pathToFileURL(join(checkout, 'scripts/start.mjs')).href
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', `${before}; import('${script}')`], {
    cwd: checkout,
    env: { ...process.env, ...env },
    encoding: 'utf8'
  })
  return { code: status, stdout, stderr }
}

describe('npm start', () => {
  test('sends the example to a sandbox, says what became of it and what to type next', () => {
    // Other tests are using this checkout: if something is missing from it, nothing may be installed into it now.
    const { code, stdout, stderr } = start(root, { npm_execpath: join(root, 'no-npm-in-tests.js') })

    expect(stderr).toBe('')
    expect(code).toBe(0)
    const lines = readFileSync(join(root, 'examples/identify-events.ndjson'), 'utf8').trimEnd().split('\n').length
    expect(stdout).toContain(lines.toLocaleString('en-US'))
    expect(stdout).toMatch(/\d+ calls for [\d,]+ events/)
    expect(stdout).toContain('export DOPT_API_KEY=')
  })

  test('says in one line which Node it needs when this one is too old', () => {
    const { code, stdout, stderr } = start(
      root,
      {},
      "Object.defineProperty(process, 'versions', { value: { node: '20.18.3' } })"
    )

    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toBe('dopt-destination needs Node 20.19 or newer, and this is 20.18.3: https://nodejs.org\n')
  })
})

describe('npm start in a fresh clone', () => {
  let clone: string

  beforeEach(() => {
    clone = mkdtempSync(join(tmpdir(), 'dopt-clone-'))
    for (const path of ['scripts/start', 'scripts/start.mjs', 'package.json', 'package-lock.json']) {
      cpSync(join(root, path), join(clone, path), { recursive: true })
    }
  })

  afterEach(() => {
    rmSync(clone, { recursive: true })
  })

  /** A program in the place of npm, or of the build. */
  function fake(path: string, program: string): string {
    writeFileSync(join(clone, path), program)
    return join(clone, path)
  }

  /** As after npm ci. */
  function install(): void {
    cpSync(join(root, 'node_modules/.package-lock.json'), join(clone, 'node_modules/.package-lock.json'))
  }

  /** What a build needs to be there, and what it makes of it, at a time in epoch seconds; undefined for no dist. */
  function build(builtAt: number | undefined): void {
    for (const path of ['src', 'dist/store']) mkdirSync(join(clone, path), { recursive: true })
    for (const path of ['tsconfig.json', 'tsconfig.build.json', 'src/index.ts']) fake(path, '')
    if (builtAt !== undefined) utimesSync(fake('dist/index.js', ''), builtAt, builtAt)
  }

  test('installs from the lock file, and shows the output and what to install when that fails', () => {
    const npm = fake(
      'npm-cli.js',
      "console.log('npm', ...process.argv.slice(2)); console.error('no compiler'); process.exit(1)"
    )

    const { code, stdout, stderr } = start(clone, { npm_execpath: npm })

    expect(code).toBe(1)
    expect(stdout).toMatch(/^Installing .*SQLite driver.*about a minute.*failed\n$/)
    expect(stderr).toContain('npm ci --include=dev\n')
    expect(stderr).toContain('no compiler\n')
    expect(stderr).toContain('apt-get install python3 make g++')
  })

  test('compiles the SQLite driver again when this Node cannot load it', () => {
    install()
    build(Date.now() / 1000 + 60)
    fake('dist/store/sqlite-driver.js', "throw new Error('compiled against a different Node.js version')")
    const npm = fake('npm-cli.js', "console.log('npm', ...process.argv.slice(2)); process.exit(1)")

    const { code, stdout, stderr } = start(clone, { npm_execpath: npm })

    expect(code).toBe(1)
    expect(stdout).toMatch(/^Compiling the SQLite driver.*failed\n$/)
    expect(stderr).toContain('npm rebuild better-sqlite3 --ignore-scripts=false\n')
    expect(stderr).toContain('apt-get install python3 make g++')
  })

  test.each([
    ['dist is missing', undefined],
    ['dist is older than the sources', 1_000_000_000]
  ])('builds when %s, and shows the output when that fails', (_when, builtAt) => {
    install()
    build(builtAt)
    fake('scripts/build.mjs', "console.error('it does not compile'); process.exit(1)")

    const { code, stdout, stderr } = start(clone)

    expect(code).toBe(1)
    expect(stdout).toBe('Building. … failed\n')
    expect(stderr).toContain('it does not compile\n')
  })
})
