/**
 * Packs the package, installs it in an empty folder as a user would, and uses it there: what works in a checkout may
 * be missing from the tarball. Prints what it did; if something is wrong, prints a line that says what, and exits with 1.
 */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const example = join(root, 'examples/identify-events.ndjson')
const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const folder = mkdtempSync(join(tmpdir(), 'dopt-smoke-'))

try {
  const tarball = await pack()
  await install(tarball)
  assert.equal((await run('npx', '--no-install', name, '--version')).stdout.trim(), version)
  await checkImport()
  await checkForwarding()
  await checkWithoutDriver()
  console.log(`${name} ${version} works when installed from its tarball`)
} catch (error) {
  console.error(`smoke test: ${error.message}`)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function pack() {
  const { code, stdout, stderr } = await runIn(root, 'npm', 'pack', '--json', '--pack-destination', folder)
  assert.equal(code, 0, `npm pack failed:\n${stderr}`)
  const [{ filename, files, size }] = JSON.parse(stdout.slice(stdout.indexOf('[')))
  const paths = files.map(({ path }) => path)
  for (const path of [
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'manifest.json',
    'sql/0001-ledger.sql',
    'deploy/dopt-destination.service',
    'examples/groups.config.json',
    'examples/identify-events.ndjson',
    'dist/cli/main.js'
  ]) {
    assert.ok(paths.includes(path), `the tarball has no ${path}`)
  }
  const strays = paths.filter((path) => /^(src|test|bench|scripts)\/(?!README\.md$)/.test(path))
  assert.deepEqual(strays, [], 'the tarball has files that nobody needs to run it')
  console.log(`packed ${paths.length} files, ${Math.round(size / 1024)} KiB`)
  return join(folder, filename)
}

async function install(tarball) {
  // npm runs the SQLite driver's install script only if it is allowed.
  const manifest = { private: true, allowScripts: { 'better-sqlite3': true } }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  const { code, stdout, stderr } = await run('npm', 'install', tarball)
  assert.equal(code, 0, `npm install failed:\n${stdout}${stderr}`)
}

async function checkImport() {
  const program = `import destination, { createForwarder, doptPlugin } from '${name}'
import manifest from '${name}/manifest.json' with { type: 'json' }
console.log(JSON.stringify([destination.slug, manifest.slug, typeof createForwarder, typeof doptPlugin]))`
  writeFileSync(join(folder, 'try.mjs'), program)
  const { stdout, stderr } = await run(process.execPath, 'try.mjs')
  assert.equal(
    stdout.trim(),
    JSON.stringify(['actions-dopt', 'actions-dopt', 'function', 'function']),
    `import failed:\n${stderr}`
  )
}

async function checkForwarding() {
  const sandbox = spawn(join(folder, 'node_modules/.bin', name), ['sandbox', '--port', '0'], { cwd: folder })
  try {
    const endpoint = await addressOf(sandbox)
    const forward = async () => {
      const args = ['forward', example, '--endpoint', endpoint, '--api-key', 'sandbox-key', '--json']
      const { stdout, stderr } = await run('npx', '--no-install', name, ...args)
      assert.notEqual(stdout, '', `forward printed nothing:\n${stderr}`)
      return JSON.parse(stdout)
    }

    const first = await forward()
    console.log(JSON.stringify(first))
    const { received, accepted, duplicates, rejected, ignored } = first
    const lines = readFileSync(example, 'utf8').trimEnd().split('\n').length
    assert.equal(received, lines, 'received is not the number of lines')
    assert.equal(received, accepted + duplicates + rejected + ignored, 'received does not add up')
    assert.equal(accepted, first.delivered + first.superseded, 'not everything accepted was delivered')
    assert.ok(first.delivered > 0, 'nothing was delivered')
    const stats = await (await fetch(`${endpoint}/__sandbox/stats`)).json()
    assert.deepEqual(
      [stats.calls, stats.users],
      [first.calls, first.users],
      'the sandbox counted other calls and users'
    )

    const second = await forward()
    assert.deepEqual([second.accepted, second.calls], [0, 0], 'the same file was sent again')
  } finally {
    sandbox.kill()
    if (sandbox.exitCode === null && sandbox.signalCode === null) await once(sandbox, 'exit')
  }
}

/** As after an install whose scripts were not allowed to run. On later versions of Node, the driver needs none. */
async function checkWithoutDriver() {
  if (Number.parseInt(process.versions.node, 10) >= 22) return
  const built = join(folder, 'node_modules/better-sqlite3/build')
  renameSync(built, `${built}-away`)
  const advice = /allow the install script of better-sqlite3, and run "npm rebuild better-sqlite3"/
  const forward = await run('npx', '--no-install', name, 'forward', example, '--accept-only', '--store', 'new.db')
  assert.equal(forward.code, 2, 'forward without a driver')
  assert.match(forward.stderr, advice)
  assert.ok(!existsSync(join(folder, 'new.db')), 'forward without a driver left a file')
  const check = await run('npx', '--no-install', name, 'check', '--store', 'new.db')
  assert.match(check.stdout, advice)
  renameSync(`${built}-away`, built)
}

/** The first address that the sandbox prints. */
async function addressOf(sandbox) {
  sandbox.stderr.resume()
  for await (const line of createInterface({ input: sandbox.stdout })) {
    const address = /http:\/\/[\w.:[\]-]+/.exec(line)
    if (address) return address[0]
  }
  throw new Error('the sandbox ended without naming its address')
}

function run(program, ...args) {
  return runIn(folder, program, ...args)
}

function runIn(cwd, program, ...args) {
  return new Promise((resolve) => {
    // Without the settings that npm passes to the scripts it runs.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(
        ([key]) => !/^(npm_(package|lifecycle|command|config_local_prefix)|DOPT_|INIT_CWD)/.test(key)
      )
    )
    execFile(program, args, { cwd, env, maxBuffer: 1e8 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (error.code ?? 1), stdout, stderr })
    })
  })
}
