/**
 * What some contestants keep their jobs in: servers of this machine, started in folders of their own and stopped again.
 * `whyNot` says what is missing here, if anything is.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'

const START_MS = 20_000

/** Appends every write to a file, and flushes it before it answers. */
export const REDIS = {
  name: 'redis-server',
  find: () => inPath('redis-server'),
  whyNot: () => (REDIS.find() === undefined ? 'no redis-server here' : undefined),
  async start(binary, folder) {
    const socket = join(folder, 'redis.sock')
    const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', '']
    const server = spawn(binary, ['--port', '0', '--unixsocket', socket, '--dir', folder, ...durable])
    return { server, socket, address: socket }
  }
}

/** As it comes: it flushes every commit. */
export const POSTGRES = {
  name: 'postgres',
  find: () => inPath('postgres') ?? ofDebian('postgres'),
  whyNot() {
    const binary = POSTGRES.find()
    if (binary === undefined) return 'no postgres here'
    if (!existsSync(initdbOf(binary))) return 'no initdb beside postgres'
    if (userToRunAs() === undefined)
      return 'postgres refuses to be run by root, and there is no user postgres or nobody'
    return undefined
  },
  async start(binary, folder) {
    const user = userToRunAs()
    if (user.uid !== undefined) chownSync(folder, user.uid, user.gid)
    const data = join(folder, 'data')
    const options = { ...user, cwd: folder, env: { PATH: process.env.PATH, HOME: folder, LC_ALL: 'C' } }
    await promisify(execFile)(
      initdbOf(binary),
      ['--pgdata', data, '--username', 'bench', '--auth', 'trust', '--encoding', 'UTF8'],
      options
    )
    const server = spawn(binary, ['-D', data, '-k', folder, '-c', 'listen_addresses='], options)
    return { server, socket: join(folder, '.s.PGSQL.5432'), address: `postgres://bench@/postgres?host=${folder}` }
  }
}

/** Calls `use` with the address of a new server with nothing in it. */
export async function withServer(kind, use) {
  const folder = mkdtempSync(join(tmpdir(), 'dopt-bench-server-'))
  try {
    const { server, socket, address } = await kind.start(kind.find(), folder)
    server.stdout.resume()
    server.stderr.resume()
    const ended = once(server, 'exit')
    try {
      await until(() => accepts(socket), `${kind.name} to start`)
      return await use(address)
    } finally {
      server.kill('SIGINT')
      await ended
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function inPath(name) {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file))
}

/** Debian keeps the programs of each version of PostgreSQL in a folder of its own. */
function ofDebian(name) {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root) : []
  return versions.map((version) => join(root, version, 'bin', name)).find((file) => existsSync(file))
}

function initdbOf(postgres) {
  return join(dirname(postgres), 'initdb')
}

/** Postgres refuses to be run by root. `{}` for whoever runs this, `undefined` if that is root and there is nobody else. */
function userToRunAs() {
  if (process.getuid?.() !== 0) return {}
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  const [, , uid, gid] = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody') ?? []
  return uid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) }
}

async function accepts(socket) {
  const connection = connect(socket)
  try {
    await once(connection, 'connect')
    return true
  } catch {
    return false
  } finally {
    connection.destroy()
  }
}

async function until(holds, what) {
  const end = Date.now() + START_MS
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`)
    await pause(20)
  }
}
