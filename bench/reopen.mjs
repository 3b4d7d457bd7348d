/**
 * How a store that holds many pending events opens again: how soon `status` answers, how soon `forward` makes its first
 * call, and in how much memory it delivers all of it.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startSandbox } from '../dist/sandbox/index.js'
import { generateEvents } from './generate.mjs'

const USAGE = `Usage: npm run bench:reopen -- [options]
  --events N    how many pending events (1000000), three per user
  --folder DIR  where input and store are put (the system's temporary folder)`

const API_KEY = 'bench-key'
const cli = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const usageReporter = fileURLToPath(new URL('report-usage.mjs', import.meta.url))
const { events, folder: parent } = readOptions()
const folder = mkdtempSync(join(parent, 'dopt-bench-'))
const sandbox = await startSandbox({ apiKey: API_KEY })
try {
  const [input, store, report] = ['events.ndjson', 'store.db', 'usage'].map((name) => join(folder, name))
  generateEvents(input, { events, users: Math.ceil(events / 3) })
  const stored = await start(['forward', '--accept-only', input]).end()
  console.log(`stored    ${per(events, stored)} events/s, ${(statSync(store).size / 1e6).toFixed(0)} MB`)

  console.log(`status    ${(1000 * (await start(['status', '--json']).end())).toFixed(0)} ms from start to end`)

  const run = start(['forward', '-'])
  while (sandbox.stats.calls === 0) await pause(2)
  console.log(`forward   ${run.seconds().toFixed(2)} s from start to the first call`)
  const sent = await run.end()
  const { peakMiB } = JSON.parse(readFileSync(report, 'utf8'))
  console.log(
    `          ${per(events, sent)} events/s to the end, ${sandbox.stats.calls} calls, peak ${peakMiB.toFixed(0)} MiB`
  )

  function start(args) {
    const startedAt = performance.now()
    const seconds = () => (performance.now() - startedAt) / 1000
    const settings = { DOPT_STORE: store, DOPT_ENDPOINT: sandbox.url, DOPT_API_KEY: API_KEY, BENCH_REPORT: report }
    const child = spawn(process.execPath, ['--import', usageReporter, cli, ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH, ...settings },
      stdio: ['ignore', 'ignore', 'inherit']
    })
    const closed = once(child, 'close')
    const end = async () => {
      const [code] = await closed
      if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`)
      return seconds()
    }
    return { seconds, end }
  }
} finally {
  await sandbox.close()
  rmSync(folder, { recursive: true, force: true })
}

function per(count, seconds) {
  return Math.round(count / seconds).toLocaleString('en-US')
}

function readOptions() {
  const text = /** @type {const} */ ({ type: 'string' })
  const { values } = parseArgs({
    options: {
      events: { ...text, default: '1000000' },
      folder: { ...text, default: tmpdir() },
      help: { type: 'boolean', default: false }
    }
  })
  const events = Number(values.events)
  if (values.help || !Number.isInteger(events) || events < 1) {
    console.error(USAGE)
    process.exit(values.help ? 0 : 2)
  }
  return { ...values, events }
}
