/**
 * How fast, how lean and in how few calls: the real `forward` command beside what one would use instead (see README.md here).
 * Interleaved rounds, medians.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CONTESTANTS, YARDSTICK } from './contestants.mjs'
import { generateEvents } from './generate.mjs'
import { measure } from './measure.mjs'
import { withSink } from './start-sink.mjs'
import { findYardstick, renderTable, renderTranslationTable, summarize } from './table.mjs'
import { BATCH, measureTranslation } from './translate.mjs'

/** Not programs that deliver a file as the contestants do, but measures of their own. */
const TRANSLATE = 'translate'
const SERVE = 'serve'
const NAMES = [...Object.keys(CONTESTANTS), TRANSLATE, SERVE]
const SERVE_SECONDS = '5'

const USAGE = `Usage: npm run bench -- [options]
  --events N       how many events (100000)
  --users N        of how many users (a third of the events)
  --latency MS     how long the sink holds every answer back (0)
  --concurrency N  concurrent calls of forward (4, its default; 8, as the others make, if there is a --latency)
  --rounds N       how often each contestant runs (3)
  --only NAMES     ${NAMES.slice(0, 6).join(', ')},
                   ${NAMES.slice(6).join(', ')}; with commas, or repeated (all)
  --folder DIR     where the stores are put: the disk to measure (the system's temporary folder)
  --profile DIR    write CPU profiles there, for Chrome's developer tools
  --json           print every figure as one JSON document`

const options = readOptions()
const { events, users, latency, concurrency } = options
const translation = options.only.includes(TRANSLATE) ? await measureTranslation(options) : undefined
const chosen = options.only.filter((name) => Object.hasOwn(CONTESTANTS, name))
const skipped = chosen.flatMap((name) => {
  const { title, server } = CONTESTANTS[name]
  const reason = server?.whyNot()
  return reason === undefined ? [] : [{ name, title, reason }]
})
const results = await measureContestants(chosen.filter((name) => skipped.every((one) => one.name !== name)))

const serve = options.only.includes(SERVE) ? await measureServe() : undefined

if (options.json) {
  const yardstick = findYardstick(results, YARDSTICK)
  const summarized = results.map((result) => ({ ...result, median: summarize(result, options, yardstick) }))
  const report = { events, users, latency, concurrency, results: summarized, skipped, translation, serve }
  console.log(JSON.stringify(report, null, 2))
} else {
  if (results.length > 0) console.log(`${renderTable(options, results, YARDSTICK)}\n`)
  for (const { title, reason } of skipped) console.log(`skipped: ${title} (${reason})`)
  if (translation !== undefined) console.log(`${renderTranslationTable(options, translation, BATCH)}\n`)
  if (serve !== undefined) console.log(serve)
}
if (results.some(({ rounds }) => rounds.some(({ missing }) => missing > 0))) process.exitCode = 1

async function measureContestants(names) {
  if (names.length === 0) return []
  const folder = mkdtempSync(join(options.folder, 'dopt-bench-'))
  try {
    const input = join(folder, 'events.ndjson')
    generateEvents(input, options)
    const results = names.map((name) => ({ name, title: CONTESTANTS[name].title, rounds: [] }))
    await withSink(options, async (sink) => {
      const where = { input, events, sink, folder, concurrency, profile: options.profile }
      for (let round = 1; round <= options.rounds; round++) {
        for (const { name, title, rounds } of results) {
          console.error(`round ${round} of ${options.rounds}: ${title}`)
          rounds.push(await measure(CONTESTANTS[name], where))
        }
      }
    })
    return results
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** `serve` beside a bare route: a program of its own, whose report is text or, with `--json`, the figures. */
async function measureServe() {
  const program = fileURLToPath(new URL('serve/run.mjs', import.meta.url))
  const args = ['--seconds', SERVE_SECONDS, '--rounds', String(options.rounds), '--folder', options.folder]
  const child = spawn(process.execPath, [program, ...args, ...(options.json ? ['--json'] : [])], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const [report, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
  if (code !== 0) process.exitCode = 1
  return options.json ? JSON.parse(report) : report.trimEnd()
}

function readOptions() {
  const string = /** @type {const} */ ({ type: 'string' })
  const { values } = parseArgs({
    options: {
      events: { ...string, default: '100000' },
      users: string,
      latency: { ...string, default: '0' },
      concurrency: string,
      rounds: { ...string, default: '3' },
      only: { ...string, multiple: true, default: NAMES },
      folder: { ...string, default: tmpdir() },
      profile: string,
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false }
    }
  })
  const only = values.only.flatMap((names) => names.split(','))
  const [events, latency] = [Number(values.events), Number(values.latency)]
  const numbers = {
    ...{ events, latency },
    users: Number(values.users ?? Math.ceil(events / 3)),
    concurrency: Number(values.concurrency ?? (latency > 0 ? 8 : 4)),
    rounds: Number(values.rounds)
  }
  const isWrong = Object.entries(numbers).some(
    // Of nothing at all every event would have arrived.
    ([name, value]) => !Number.isInteger(value) || value < (name === 'latency' ? 0 : 1)
  )
  if (values.help || isWrong || only.some((name) => !NAMES.includes(name))) {
    console.error(USAGE)
    process.exit(values.help ? 0 : 2)
  }
  const profile = values.profile && resolve(String(values.profile))
  if (profile) mkdirSync(profile, { recursive: true })
  return { ...values, ...numbers, only, profile }
}
