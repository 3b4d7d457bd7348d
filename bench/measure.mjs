/** One run of one contestant: how long it took, its memory, the calls it made, and whether Dopt has what it should. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'

const usageReporter = fileURLToPath(new URL('report-usage.mjs', import.meta.url))

/**
 * Returns `{ phases: [{ title, seconds, cpuSeconds, peakMiB }], calls, missing }`; `missing` is how many users Dopt does not hold as
 * expected. Throws when the contestant fails.
 */
export async function measure(contestant, { input, sink, apiKey, expected, folder, profile }) {
  const own = mkdtempSync(join(folder, 'run-'))
  await sink.ask('reset')
  const phases = []
  for (const { title, args } of contestant.runs({ input, store: join(own, 'store.db'), endpoint: sink.url, apiKey })) {
    const nodeArgs = profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : []
    phases.push({ title, ...(await runTimed([...nodeArgs, '--import', usageReporter, ...args], own)) })
  }
  const { stats, users } = await sink.ask('users')
  rmSync(own, { recursive: true })
  return { phases, calls: stats.calls, missing: countMissing(expected, new Map(users)) }
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
  if (code !== 0) throw new Error(`${args.at(-1)} ended with code ${code}:\n${Buffer.concat(errors)}`)
  return { seconds, ...JSON.parse(readFileSync(report, 'utf8')) }
}

function countMissing(expected, users) {
  let missing = 0
  for (const [identifier, properties] of expected) {
    if (!isDeepStrictEqual(users.get(identifier), properties)) missing++
  }
  return missing
}
