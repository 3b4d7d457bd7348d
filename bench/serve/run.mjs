/**
 * How many requests a second `serve` acknowledges, on disk, beside a bare fastify route that stores nothing; and how many
 * events a second in batches (see ../README.md). Every server in a process of its own, loaded from another.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { API_KEY, withSink } from '../start-sink.mjs'
import { align, median } from '../table.mjs'
import { defaultGenerator, GENERATORS } from './generators.mjs'
import { SERVERS, startServer } from './servers.mjs'

const USAGE = `Usage: npm run bench:serve -- [options]
  --seconds N      how long each measurement takes (10), after a warm-up of half of that
  --rounds N       how often each server is measured (3)
  --connections N  connections with one identify a request (100)
  --batch N        events a request in the measurement of batches (100), which has a fifth of the connections
  --only NAME      ${Object.keys(SERVERS).join(', ')}; repeatable (all)
  --load NAME      what generates the load: ${Object.keys(GENERATORS).join(', ')} (the first that is installed)
  --folder DIR     where the stores are put: the disk to measure (the system's temporary folder)
  --profile DIR    write CPU profiles of the servers there, for Chrome's developer tools
  --json           print every figure as one JSON document`

const here = (name) => fileURLToPath(new URL(name, import.meta.url))
const options = readOptions()
const folder = mkdtempSync(join(options.folder, 'dopt-bench-serve-'))
try {
  await withSink({}, ({ url }) => measureAll(url))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function measureAll(endpoint) {
  const shapes = [
    { title: 'one identify a request', eventsARequest: 1, connections: options.connections },
    {
      title: `batches of ${options.batch}`,
      eventsARequest: options.batch,
      connections: Math.ceil(options.connections / 5)
    }
  ]
  const results = shapes.flatMap((shape) => options.only.map((name) => ({ ...shape, name, rounds: [] })))
  for (let round = 1; round <= options.rounds; round++) {
    for (const result of results) {
      console.error(`round ${round} of ${options.rounds}: ${SERVERS[result.name].title}, ${result.title}`)
      result.rounds.push(await measure(result, endpoint))
    }
  }
  console.log(
    options.json ? JSON.stringify(results, null, 2) : shapes.map((shape) => render(shape, results)).join('\n\n')
  )
  if (results.some(({ rounds }) => rounds.some(({ lost }) => lost > 0))) process.exitCode = 1
}

/**
 * One server under load. `lost` counts events that were acknowledged and are not in the books; those whose request was still
 * under way at the end may be in the books without an acknowledgement.
 */
async function measure({ name, eventsARequest, connections }, endpoint) {
  const own = mkdtempSync(join(folder, 'run-'))
  const server = await startServer(SERVERS[name], { folder: own, endpoint, apiKey: API_KEY, profile: options.profile })
  const { seconds, load: generator } = options
  const warmUpSeconds = Math.ceil(seconds / 2)
  const order = { url: server.url, connections, seconds, warmUpSeconds, eventsARequest, generator }
  const { stdout } = await promisify(execFile)(process.execPath, [here('load.mjs'), JSON.stringify(order)])
  const load = JSON.parse(stdout)
  const accepted = SERVERS[name].stores
    ? (await (await fetch(`${server.url}/status`)).json()).intake.accepted
    : undefined
  const usage = await server.stop()
  rmSync(own, { recursive: true })
  const lost = accepted === undefined ? 0 : Math.max(0, load.sent * eventsARequest - accepted)
  return { ...load, ...usage, lost, all: load.sent * eventsARequest }
}

function render({ title, eventsARequest, connections }, results) {
  const own = results.filter((result) => result.title === title)
  const rate = ({ rounds }) => median(rounds.map(({ requests, seconds }) => (requests * eventsARequest) / seconds))
  const bare = own.find(({ name }) => name === 'bare')
  const unit = eventsARequest === 1 ? 'requests/s' : 'events/s'
  const header = [
    '',
    unit,
    'vs bare route',
    'p50 ms',
    'p99 ms',
    'max ms',
    'CPU µs/event',
    'peak MiB',
    'refused',
    'lost'
  ]
  const rows = own.map((result) => {
    const figures = (figure) => median(result.rounds.map(figure))
    const most = (figure) => Math.max(...result.rounds.map(figure))
    return [
      SERVERS[result.name].title,
      Math.round(rate(result)).toLocaleString('en-US'),
      bare === undefined ? '' : `${(rate(result) / rate(bare)).toFixed(2)}×`,
      ...[figures(({ p50 }) => p50), figures(({ p99 }) => p99), most(({ max }) => max)].map((ms) => ms.toFixed(0)),
      figures(({ cpuSeconds, all }) => (cpuSeconds * 1e6) / all).toFixed(0),
      figures(({ peakMiB }) => peakMiB).toFixed(0),
      String(most(({ not2xx, errors }) => not2xx + errors)),
      SERVERS[result.name].stores ? String(most(({ lost }) => lost)) : ''
    ]
  })
  const setting = `${title}, ${connections} connections of ${options.load}, ${options.seconds} s; median of ${options.rounds}`
  return `${setting}\n\n${align([header, ...rows])}`
}

function readOptions() {
  const text = /** @type {const} */ ({ type: 'string' })
  const { values } = parseArgs({
    options: {
      seconds: { ...text, default: '10' },
      rounds: { ...text, default: '3' },
      connections: { ...text, default: '100' },
      batch: { ...text, default: '100' },
      only: { ...text, multiple: true, default: Object.keys(SERVERS) },
      load: { ...text, default: defaultGenerator() },
      folder: { ...text, default: tmpdir() },
      profile: text,
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false }
    }
  })
  const numbers = {
    seconds: Number(values.seconds),
    rounds: Number(values.rounds),
    connections: Number(values.connections),
    batch: Number(values.batch)
  }
  const isWrong =
    Object.values(numbers).some((value) => !Number.isInteger(value) || value < 1) ||
    values.only.some((name) => !Object.hasOwn(SERVERS, name)) ||
    !Object.hasOwn(GENERATORS, values.load)
  if (values.help || isWrong) {
    console.error(USAGE)
    process.exit(values.help ? 0 : 2)
  }
  const profile = values.profile && resolve(String(values.profile))
  if (profile) mkdirSync(profile, { recursive: true })
  return { ...values, ...numbers, profile }
}
