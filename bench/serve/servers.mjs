/** The servers that are compared. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const bare = fileURLToPath(new URL('bare.mjs', import.meta.url))
const usageReporter = fileURLToPath(new URL('../report-usage.mjs', import.meta.url))

/** Nothing listens there: port 9 is for discarding. */
const NOWHERE = 'http://127.0.0.1:9'

export const SERVERS = {
  bare: { title: 'a bare fastify route', args: () => [bare] },
  serve: { title: 'serve, delivering', stores: true, args: serve },
  away: { title: 'serve, while Dopt is away', stores: true, args: (where) => serve({ ...where, endpoint: NOWHERE }) }
}

function serve({ folder, endpoint, apiKey }) {
  const options = { port: '0', store: join(folder, 'store.db'), endpoint, 'api-key': apiKey, 'retry-window': '72h' }
  return [cli, 'serve', ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])]
}

/**
 * Starts a server in a process of its own; `stop` resolves to what it used, `{ peakMiB, cpuSeconds }`.
 *
 * @param {{ args: (where: { folder: string, endpoint: string, apiKey: string }) => string[] }} server
 * @param {{ folder: string, endpoint: string, apiKey: string, profile?: string }} options
 */
export async function startServer({ args }, { folder, profile, ...where }) {
  const report = join(folder, 'usage')
  const nodeArgs = profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : []
  const program = [...nodeArgs, '--import', usageReporter, ...args({ folder, ...where })]
  const env = { PATH: process.env.PATH, BENCH_REPORT: report }
  const child = spawn(process.execPath, program, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const errors = []
  child.stderr.on('data', (chunk) => errors.push(chunk))
  const closed = once(child, 'close')
  const url = await addressIn(child.stdout)
  if (url === undefined) {
    await closed
    throw new Error(`the server did not start:\n${Buffer.concat(errors)}`)
  }
  return {
    url,
    pid: child.pid,
    async stop() {
      child.kill('SIGTERM')
      const [code] = await closed
      if (code !== 0) throw new Error(`the server ended with code ${code}:\n${Buffer.concat(errors)}`)
      return JSON.parse(readFileSync(report, 'utf8'))
    }
  }
}

async function addressIn(stdout) {
  for await (const line of createInterface({ input: stdout })) {
    const address = /http:\S+/.exec(line)?.[0]
    if (address !== undefined) return address
  }
  return undefined
}
