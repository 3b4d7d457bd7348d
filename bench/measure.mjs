/** One run of one contestant: how long it took, its memory, the calls it made, and whether everything arrived. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withServer } from './servers.mjs'
import { API_KEY } from './start-sink.mjs'

const usageReporter = fileURLToPath(new URL('report-usage.mjs', import.meta.url))

/**
 * Returns `{ phases: [{ title, seconds, cpuSeconds, peakMiB }], calls, users, missing }`: calls made, users in them, and events
 * of which the sink has seen nothing. Memory and processor time are those of the contestant's own process. `inspect` is
 * called with the store before it is removed, and what it returns is in the result. Throws when the contestant fails.
 *
 * @param {Omit<import('./contestants.mjs').Contestant, 'title'>} contestant
 * @param {object} options
 * @param {string} options.input
 * @param {number} options.events how many there are in the input
 * @param {import('./start-sink.mjs').Sink} options.sink
 * @param {string} options.folder
 * @param {number} options.concurrency
 * @param {string} [options.profile] the folder for CPU profiles
 * @param {(file: string) => object} [options.inspect]
 */
export async function measure({ runs, server }, { input, events, sink, folder, concurrency, profile, inspect }) {
  const own = mkdtempSync(join(folder, 'run-'))
  const where = { input, store: join(own, 'store.db'), endpoint: sink.url, apiKey: API_KEY, concurrency }
  const runAll = async (address) => {
    const phases = []
    for (const { title, args } of runs({ ...where, address })) {
      const nodeArgs = profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : []
      phases.push({ title, ...(await runTimed([...nodeArgs, '--import', usageReporter, ...args], own)) })
    }
    return phases
  }
  await sink.reset()
  const phases = await (server === undefined ? runAll() : withServer(server, runAll))
  const { calls, users, arrived } = await sink.report()
  const inspected = inspect?.(where.store)
  rmSync(own, { recursive: true })
  return { phases, calls, users, missing: events - arrived, ...inspected }
}

async function runTimed(args, cwd) {
  const report = join(cwd, 'usage')
  // An empty folder and no settings from outside: nobody's configuration file or key takes part.
  const env = { PATH: process.env.PATH, BENCH_REPORT: report }
  const startedAt = performance.now()
  const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] })
  const errors = []
  child.stderr.on('data', (chunk) => errors.push(chunk))
  const [code] = await once(child, 'close')
  const seconds = (performance.now() - startedAt) / 1000
  if (code !== 0) throw new Error(`${args.join(' ')} ended with code ${code}:\n${Buffer.concat(errors)}`)
  return { seconds, ...JSON.parse(readFileSync(report, 'utf8')) }
}
