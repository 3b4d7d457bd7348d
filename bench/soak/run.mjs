/**
 * Whether `serve` can go on like that: steady traffic at half the rate that it reaches here, with the sandbox failing a tenth
 * of the calls. Writes a table and a plot of memory and queue depth; ends with 1 when memory grew, the books do not
 * balance, or anything was lost (see ../README.md).
 */
import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual, parseArgs, promisify } from 'node:util'
import { SERVERS, startServer } from '../serve/servers.mjs'
import { align } from '../table.mjs'
import { renderPlot } from './plot.mjs'

const USAGE = `Usage: npm run soak -- [options]
  --minutes N    how long (10)
  --rate N       events a second (half of what is measured first, for 10 seconds)
  --users N      of how many users (20000)
  --fail-rate N  share of calls that the sandbox fails (0.1)
  --output DIR   where soak.md and soak.svg are written (bench/results)
  --folder DIR   where the store is put (the system's temporary folder)`

const API_KEY = 'soak-key'
const SAMPLE_MS = 1000
const SETTLE_MS = 300_000
const MOST_GROWTH = 1.1
const here = (name) => fileURLToPath(new URL(name, import.meta.url))
const options = readOptions()
const folder = mkdtempSync(join(options.folder, 'dopt-soak-'))
const sink = fork(here('sandbox.mjs'), [API_KEY, '0', String(options.failRate)], { serialization: 'advanced' })
try {
  const [{ url: endpoint }] = await once(sink, 'message')
  const rate = options.rate ?? Math.round((await measureRate(endpoint)) / 2)
  await ask('reset')
  const own = mkdtempSync(join(folder, 'soak-'))
  const server = await startServer(SERVERS.serve, { folder: own, endpoint, apiKey: API_KEY })
  console.error(`${rate} events a second for ${options.minutes} minutes`)
  const load = fork(here('load.mjs'), [server.url, String(rate), String(options.users)], { serialization: 'advanced' })
  const told = once(load, 'message')
  const samples = await sampleFor(server, options.minutes * 60)
  load.send('stop')
  const [sent] = await told
  const status = await untilSettled(server)
  await server.stop()
  const { stats, users } = await ask('users')
  report(judge({ samples, sent, status, users: new Map(users), stats, rate }))
} finally {
  sink.disconnect()
  rmSync(folder, { recursive: true, force: true })
}

async function ask(question) {
  sink.send(question)
  const [answer] = await once(sink, 'message')
  return answer
}

/** Requests a second that this machine reaches now. */
async function measureRate(endpoint) {
  console.error('measuring the rate, for 10 seconds')
  const server = await startServer(SERVERS.serve, {
    folder: mkdtempSync(join(folder, 'rate-')),
    endpoint,
    apiKey: API_KEY
  })
  const order = { url: server.url, connections: 100, seconds: 8, warmUpSeconds: 2, eventsARequest: 1 }
  const { stdout } = await promisify(execFile)(process.execPath, [here('../serve/load.mjs'), JSON.stringify(order)])
  await server.stop()
  const { requests, seconds } = JSON.parse(stdout)
  return requests / seconds
}

async function sampleFor({ url, pid }, seconds) {
  const samples = []
  const startedAt = performance.now()
  for (;;) {
    const elapsed = (performance.now() - startedAt) / 1000
    const { events } = await (await fetch(`${url}/status`)).json()
    samples.push({
      seconds: elapsed,
      memoryMiB: residentMiB(pid),
      queue: events.pending + events.sending + events.retrying
    })
    if (elapsed >= seconds) return samples
    await sleep(SAMPLE_MS)
  }
}

function residentMiB(pid) {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024
}

async function untilSettled({ url }) {
  console.error('waiting for the rest to be delivered')
  const end = performance.now() + SETTLE_MS
  for (;;) {
    const status = await (await fetch(`${url}/status`)).json()
    const { pending, sending, retrying } = status.events
    if (pending + sending + retrying === 0 || performance.now() > end) return status
    await sleep(100)
  }
}

function judge({ samples, sent, status, users, stats, rate }) {
  const { intake, events } = status
  const missing = sent.users.filter(([id, traits]) => !isDeepStrictEqual({ ...users.get(id) }, traits)).length
  const inStates = Object.values(events).reduce((sum, count) => sum + count, 0)
  const [second, last] = [minute(samples, 1), minute(samples, -1)]
  const failedCalls = stats.calls - (stats.byStatus['200'] ?? 0)
  // A run of less than three minutes has no last minute to compare with the second.
  const isLong = options.minutes >= 3
  return {
    samples,
    rate,
    checks: [
      [
        'memory',
        !isLong || last <= second * MOST_GROWTH,
        isLong
          ? `${mib(second)} in the second minute, ${mib(last)} in the last`
          : `${mib(last)} in the end; too short to compare minutes`
      ],
      [
        'books',
        inStates === intake.accepted && events.failed === 0,
        `${count(intake.accepted)} accepted, ${count(inStates)} in a state, ${count(events.failed)} failed`
      ],
      [
        'acknowledged',
        sent.acknowledged === sent.sent && intake.accepted === sent.sent,
        `${count(sent.sent)} sent, ${count(sent.acknowledged)} acknowledged, ${count(sent.again)} sent again`
      ],
      [
        'delivered',
        events.delivered + events.superseded === intake.accepted,
        `${count(events.delivered)} delivered, ${count(events.superseded)} superseded`
      ],
      [
        'calls',
        options.failRate === 0 || failedCalls > 0,
        `${count(stats.calls)} calls, ${count(failedCalls)} of them failed by the sandbox`
      ],
      ['users', missing === 0, `${count(sent.users.length)} users, ${count(missing)} of them not as they should be`]
    ]
  }
}

/** The median of one minute's memory; -1 is the last. */
function minute(samples, index) {
  const end = samples.at(-1).seconds
  const from = index < 0 ? Math.max(0, end - 60) : index * 60
  const values = samples
    .filter(({ seconds }) => seconds >= from && seconds < from + 60.5)
    .map(({ memoryMiB }) => memoryMiB)
  return values.sort((a, b) => a - b)[values.length >> 1] ?? 0
}

function report({ samples, rate, checks }) {
  const title = `serve, ${count(rate)} events a second for ${options.minutes} min, ${options.failRate * 100} % of calls failing`
  const rows = checks.map(([name, isWell, words]) => [name, words, isWell ? 'yes' : 'NO'])
  const every = Math.max(1, Math.floor(samples.length / 20))
  const course = samples.filter((_, index) => index % every === 0 || index === samples.length - 1)
  const lines = course.map(({ seconds, memoryMiB, queue }) => [
    `${Math.round(seconds)} s`,
    mib(memoryMiB),
    count(queue)
  ])
  const page = `${title}\n\n${align([['', 'figures', 'as it should be'], ...rows])}\n\n${align([['after', 'memory', 'waiting'], ...lines])}\n`
  mkdirSync(options.output, { recursive: true })
  writeFileSync(join(options.output, 'soak.md'), page)
  writeFileSync(join(options.output, 'soak.svg'), renderPlot(samples, title))
  console.log(page)
  console.error(`written to ${join(options.output, 'soak.md')} and soak.svg beside it`)
  if (checks.some(([, isWell]) => !isWell)) process.exitCode = 1
}

function mib(value) {
  return `${value.toFixed(0)} MiB`
}

function count(value) {
  return value.toLocaleString('en-US')
}

function readOptions() {
  const text = /** @type {const} */ ({ type: 'string' })
  const { values } = parseArgs({
    options: {
      minutes: { ...text, default: '10' },
      rate: text,
      users: { ...text, default: '20000' },
      'fail-rate': { ...text, default: '0.1' },
      output: { ...text, default: fileURLToPath(new URL('../results', import.meta.url)) },
      folder: { ...text, default: tmpdir() },
      help: { type: 'boolean', default: false }
    }
  })
  const numbers = {
    minutes: Number(values.minutes),
    rate: values.rate === undefined ? undefined : Number(values.rate),
    users: Number(values.users),
    failRate: Number(values['fail-rate'])
  }
  const isWrong = !(
    numbers.minutes > 0 &&
    (numbers.rate ?? 1) > 0 &&
    numbers.users >= 1 &&
    numbers.failRate >= 0 &&
    numbers.failRate < 1
  )
  if (values.help || isWrong) {
    console.error(USAGE)
    process.exit(values.help ? 0 : 2)
  }
  return { ...values, ...numbers, output: resolve(values.output) }
}
