/** Makes a checkout ready to run. Needs Node and npm, and no dependency: they may not be there yet. */
import { spawn, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Resolves to false, after saying why and what to do, if something could not be made ready. */
export async function prepare() {
  if (!isInstalled()) {
    const note = 'If no prebuilt SQLite driver can be downloaded, it is compiled: about a minute.'
    const isDone = await run(`Installing the dependencies in package-lock.json. ${note}`, npm('ci', '--include=dev'))
    if (!isDone) return fail(INSTALL_HELP)
  }
  if (!isBuilt()) {
    const isDone = await run('Building.', [process.execPath, 'scripts/build.mjs'])
    if (!isDone) return fail('The build failed; see above.')
  }
  // For example after a change of Node's version, or if npm is configured to run no install scripts.
  if (!driverLoads()) {
    const what = 'Compiling the SQLite driver for this Node: about a minute.'
    const isDone = await run(what, npm('rebuild', 'better-sqlite3', '--ignore-scripts=false'))
    if (!isDone || !driverLoads()) return fail(INSTALL_HELP)
  }
  return true
}

const INSTALL_HELP = `The installation failed; see above.
If the registry could not be reached, fix that and run npm start again.
If better-sqlite3 could not be compiled, it needs python3, make and a C++ compiler:
  Debian, Ubuntu   apt-get install python3 make g++
  macOS            xcode-select --install
  Windows          Visual Studio Build Tools, with "Desktop development with C++"`

/** Whether node_modules matches the lock file. Optional packages may be missing, such as those for other systems. */
function isInstalled() {
  const installed = packagesOf('node_modules/.package-lock.json')
  if (installed === undefined) return false
  return Object.entries(packagesOf('package-lock.json') ?? {}).every(
    ([path, { version, optional }]) =>
      path === '' || installed[path]?.version === version || (optional && installed[path] === undefined)
  )
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8')).packages
  } catch {
    return undefined
  }
}

/** Tried in a separate process: one that has failed to load the driver cannot load it after it has been fixed. */
function driverLoads() {
  const program = "import { SqliteDatabase } from './dist/store/sqlite-driver.js'; new SqliteDatabase(':memory:')"
  return spawnSync(process.execPath, ['--input-type=module', '-e', program], { cwd: root }).status === 0
}

/** Whether dist exists and is newer than everything that it is built from. */
function isBuilt() {
  const built = modifiedAt('dist/index.js')
  return built !== undefined && ['src', 'tsconfig.json', 'tsconfig.build.json'].every((path) => newestIn(path) <= built)
}

/** Folders count too: their time changes when a file in them is removed. */
function newestIn(path) {
  const entries = statSync(join(root, path)).isDirectory() ? readdirSync(join(root, path)) : []
  return Math.max(modifiedAt(path), ...entries.map((name) => newestIn(join(path, name))))
}

function modifiedAt(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs
}

/**
 * npm tells scripts where its own program is. That also works where npm is a batch file.
 *
 * @returns {[string, ...string[]]}
 */
function npm(...args) {
  const program = process.env.npm_execpath
  return program?.endsWith('.js') ? [process.execPath, program, ...args] : ['npm', ...args]
}

/** Runs a command whose output matters only if it fails. Resolves to whether it succeeded. */
function run(what, [program, ...args]) {
  const startedAt = performance.now()
  process.stdout.write(`${what} … `)
  return new Promise((resolve) => {
    // The driver has to be compiled for the Node that runs this, whichever comes first in PATH.
    const env = { ...process.env, PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) }
    const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const output = []
    child.stdout.on('data', (chunk) => output.push(chunk))
    child.stderr.on('data', (chunk) => output.push(chunk))
    const end = (isDone) => {
      process.stdout.write(isDone ? `${((performance.now() - startedAt) / 1000).toFixed(0)} s\n` : 'failed\n')
      if (!isDone) process.stderr.write(Buffer.concat(output))
      resolve(isDone)
    }
    child.on('error', (error) => {
      output.push(Buffer.from(`cannot run ${program}: ${error.message}\n`))
      end(false)
    })
    child.on('close', (code) => end(code === 0))
  })
}

function fail(help) {
  console.error(`\n${help}`)
  return false
}
