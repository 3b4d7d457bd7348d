import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { until } from '../faults/until.js'
import { withTempDir } from '../helpers/temp-dir.js'

const ROOT = join(__dirname, '../..')
const CONTAINER = readFileSync(join(ROOT, 'deploy/Containerfile'), 'utf8').replaceAll('\\\n', ' ')
const [, RUNTIME = ''] = CONTAINER.split(/^FROM .*-slim$/m)
const IGNORED = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n').filter(Boolean)

/** What stands behind an instruction, each time. */
function all(instruction: string, text = CONTAINER): string[] {
  return [...text.matchAll(new RegExp(`^${instruction} +(.*)$`, 'gm'))].map(([, rest = '']) => rest)
}

/** A command as Docker takes it, without a shell. */
function command(instruction: RegExp): string[] {
  const [, json = ''] = instruction.exec(CONTAINER) ?? []
  return JSON.parse(json) as string[]
}

function environment(): Record<string, string> {
  const pairs = all('ENV', RUNTIME).flatMap((line) => line.trim().split(/ +/))
  return Object.fromEntries(pairs.map((pair) => pair.split('=', 2) as [string, string]))
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return String(port)
}

describe('the container file', () => {
  it('copies what the program needs to run, knows when it is healthy, and its signals reach it', () =>
    withTempDir(async (dir) => {
      const [app, bin, state] = [join(dir, 'app'), join(dir, 'bin'), join(dir, 'state')]
      for (const folder of [app, bin, state]) mkdirSync(folder)
      const copied = all('COPY --from=build', RUNTIME).flatMap((line) => line.trim().split(/ +/).slice(0, -1))
      for (const path of copied) {
        const source = join(ROOT, path.replace('/app/', ''))
        // What is built there, with its devDependencies removed, is here already; it is large, and links do as well.
        if (basename(path) === 'node_modules') symlinkSync(source, join(app, 'node_modules'))
        else cpSync(source, join(app, basename(path)), { recursive: true })
      }
      const [entry = ''] = command(/^ENTRYPOINT (\[.*\])$/m)
      const [, target = ''] = /ln -s \/app\/(\S+) \/usr\/local\/bin\/dopt-destination/.exec(RUNTIME) ?? []
      symlinkSync(join(app, target), join(bin, entry))
      const port = await freePort()
      const env = {
        ...environment(),
        ...{ PATH: `${bin}:${process.env['PATH']}`, DOPT_API_KEY: 'k', DOPT_WRITE_KEY: 'w', DOPT_PORT: port },
        DOPT_STORE: join(state, 'dopt.db')
      }
      const isHealthy = (): boolean => {
        const [program = '', ...args] = command(/^HEALTHCHECK .* CMD (\[.*\])$/m)
        try {
          execFileSync(program, args, { env, stdio: 'ignore' })
          return true
        } catch {
          return false
        }
      }

      expect(isHealthy()).toBe(false)
      const child = spawn(join(bin, entry), command(/^CMD (\[.*\])$/m), { cwd: state, env, stdio: 'ignore' })
      const end = once(child, 'exit')
      try {
        await until(isHealthy, 'the container to be healthy')
      } finally {
        const [signal = ''] = all('STOPSIGNAL', RUNTIME)
        child.kill(signal as NodeJS.Signals)
      }
      expect(await end).toEqual([0, null])
    }))

  it('leaves what is built, stored or secret here out of what the builder gets, and nothing that it needs', () => {
    const needed = ['package.json', 'package-lock.json', 'tsconfig.build.json', 'scripts/build.mjs', 'LICENSE', 'sql/']
    for (const path of needed) {
      expect(existsSync(join(ROOT, path))).toBe(true)
      expect(IGNORED.filter((ignored) => path.startsWith(ignored))).toEqual([])
    }
    expect(IGNORED).toEqual(expect.arrayContaining(['.git', 'node_modules', 'dist', '*.db', '*.db-*', '.env*']))
  })

  it('runs as a user who may do no more than write the store, which outlives the container', () => {
    const [user = ''] = all('USER', RUNTIME)
    const [volume = ''] = all('VOLUME', RUNTIME)
    expect(user).not.toMatch(/^(root|0)?$/)
    expect(environment()['DOPT_STORE']).toBe(`${volume}/dopt.db`)
    // Docker gives a new volume the owner that the folder has by then.
    expect(RUNTIME.indexOf(`install -d -o ${user} -g ${user} -m 0700 ${volume}`)).toBeGreaterThan(0)
    expect(RUNTIME.indexOf('install -d')).toBeLessThan(RUNTIME.indexOf('VOLUME'))
  })
})
