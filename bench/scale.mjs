/**
 * Whether the cost grows in a straight line: `forward` with more and more events. Writes a table and a plot (see README.md
 * here); ends with 1 when an event was missing.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { SqliteDatabase } from '../dist/store/sqlite-driver.js'
import { CONTESTANTS } from './contestants.mjs'
import { generateEvents } from './generate.mjs'
import { measure } from './measure.mjs'
import { renderScalePlot } from './scale-plot.mjs'
import { withSink } from './start-sink.mjs'
import { align, median } from './table.mjs'

const USAGE = `Usage: npm run bench:scale -- [options]
  --events N,N,…  how many events (10000,100000,1000000,5000000), each user about three times
  --rounds N      how often each is measured (3), up to a million events; more than that are measured once
  --output DIR    where scale.md and scale.svg are written (bench/results)
  --folder DIR    where input and store are put (the system's temporary folder)`

const ONCE_ABOVE = 1_000_000
const CONCURRENCY = 4
const options = readOptions()
const results = options.events.map((events) => ({ events, rounds: [] }))
await withSink({}, async (sink) => {
  for (let round = 1; round <= options.rounds; round++) {
    for (const { events, rounds } of results) {
      if (round > 1 && events > ONCE_ABOVE) continue
      console.error(`round ${round} of ${options.rounds}: ${events.toLocaleString('en-US')} events`)
      rounds.push(await measureOnce(events, sink))
    }
  }
})
const table = renderTable(results)
mkdirSync(options.output, { recursive: true })
writeFileSync(join(options.output, 'scale.md'), `${table}\n`)
writeFileSync(join(options.output, 'scale.svg'), renderScalePlot(results.map(toPoint)))
console.log(table)
if (results.some(({ rounds }) => rounds.some(({ missing }) => missing > 0))) process.exitCode = 1

async function measureOnce(events, sink) {
  const folder = mkdtempSync(join(options.folder, 'dopt-bench-'))
  try {
    const input = join(folder, 'events.ndjson')
    generateEvents(input, { events, users: Math.ceil(events / 3) })
    return await measure(CONTESTANTS.forward, { input, events, sink, folder, concurrency: CONCURRENCY, inspect })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Bytes of the store as it was left, before retention, and of what it had to keep: properties, user and message ids. */
function inspect(file) {
  const db = new SqliteDatabase(file)
  const storeBytes = db.prepare('select page_count * page_size from pragma_page_count, pragma_page_size').pluck().get()
  const contentBytes = db
    .prepare('select sum(octet_length(properties) + octet_length(identifier) + octet_length(message_id)) from events')
    .pluck()
    .get()
  db.close()
  return { storeBytes, contentBytes }
}

function renderTable(measured) {
  const header = [
    'events',
    's',
    'events/s',
    'CPU µs/event',
    'peak MiB',
    'calls/100 events',
    'store bytes/event',
    '× content'
  ]
  const rows = measured
    .map(toPoint)
    .map((point) => [
      point.events.toLocaleString('en-US'),
      point.seconds.toFixed(2),
      Math.round(point.events / point.seconds).toLocaleString('en-US'),
      point.cpuMicroseconds.toFixed(1),
      point.peakMiB.toFixed(0),
      ((point.calls * 100) / point.events).toFixed(2),
      (point.storeBytes / point.events).toFixed(0),
      (point.storeBytes / point.contentBytes).toFixed(2)
    ])
  return align([header, ...rows])
}

function toPoint({ events, rounds }) {
  const of = (figure) => median(rounds.map(figure))
  const phase = (name) => of(({ phases }) => phases[0][name])
  return {
    events,
    seconds: phase('seconds'),
    cpuMicroseconds: (phase('cpuSeconds') * 1e6) / events,
    peakMiB: phase('peakMiB'),
    calls: of(({ calls }) => calls),
    storeBytes: of(({ storeBytes }) => storeBytes),
    contentBytes: of(({ contentBytes }) => contentBytes)
  }
}

function readOptions() {
  const text = /** @type {const} */ ({ type: 'string' })
  const { values } = parseArgs({
    options: {
      events: { ...text, default: '10000,100000,1000000,5000000' },
      rounds: { ...text, default: '3' },
      output: { ...text, default: resolve(import.meta.dirname, 'results') },
      folder: { ...text, default: tmpdir() },
      help: { type: 'boolean', default: false }
    }
  })
  const events = values.events.split(',').map(Number)
  const rounds = Number(values.rounds)
  const isWrong = [...events, rounds].some((value) => !Number.isInteger(value) || value < 1)
  if (values.help || isWrong) {
    console.error(USAGE)
    process.exit(values.help ? 0 : 2)
  }
  return { ...values, events, rounds }
}
