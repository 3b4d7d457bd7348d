/**
 * How fast, how lean and in how few calls: the real `forward` command beside a straight-line program (see README.md here).
 * Interleaved rounds, medians.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CONTESTANTS } from './contestants.mjs'
import { generateEvents } from './generate.mjs'
import { measure } from './measure.mjs'
import { renderTable, renderTranslationTable } from './table.mjs'
import { BATCH, measureTranslation } from './translate.mjs'

/** Not a program over a store as the contestants are, but a measure of its own. */
const TRANSLATE = 'translate'

const USAGE = `Usage: npm run bench -- [options]
  --events N     how many events (100000)
  --users N      of how many users (a third of the events)
  --latency MS   how long the sink holds every answer back (0)
  --rounds N     how often each contestant runs (3)
  --only NAME    ${Object.keys(CONTESTANTS).join(', ')}, ${TRANSLATE}; repeatable (all)
  --folder DIR   where the stores are put: the disk to measure (the system's temporary folder)
  --profile DIR  write CPU profiles there, for Chrome's developer tools
  --json         print every figure as one JSON document`

const API_KEY = 'bench-key'
const options = readOptions()
const translation = options.only.includes(TRANSLATE) ? await measureTranslation(options) : undefined
const names = options.only.filter((name) => name !== TRANSLATE)
const results = names.length === 0 ? [] : await measureContestants(names)
const { events, users, latency } = options
if (options.json) {
  console.log(JSON.stringify({ events, users, latency, results, translation }, null, 2))
} else {
  if (results.length > 0) console.log(`${renderTable(options, results)}\n`)
  if (translation !== undefined) console.log(renderTranslationTable(options, translation, BATCH))
}
if (results.some(({ rounds }) => rounds.some(({ missing }) => missing > 0))) process.exitCode = 1

async function measureContestants(names) {
  const folder = mkdtempSync(join(options.folder, 'dopt-bench-'))
  const sink = await startSink(options.latency)
  try {
    const input = join(folder, 'events.ndjson')
    const expected = generateEvents(input, options)
    const results = names.map((name) => ({ name, title: CONTESTANTS[name].title, rounds: [] }))
    for (let round = 0; round < options.rounds; round++) {
      for (const { name, rounds } of results) {
        console.error(`round ${round + 1} of ${options.rounds}: ${CONTESTANTS[name].title}`)
        const where = { input, sink, apiKey: API_KEY, expected, folder, profile: options.profile }
        rounds.push(await measure(CONTESTANTS[name], where))
      }
    }
    return results
  } finally {
    sink.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

function readOptions() {
  const text = { type: 'string' }
  const { values } = parseArgs({
    options: {
      events: { ...text, default: '100000' },
      users: text,
      latency: { ...text, default: '0' },
      rounds: { ...text, default: '3' },
      only: { ...text, multiple: true, default: [...Object.keys(CONTESTANTS), TRANSLATE] },
      folder: { ...text, default: tmpdir() },
      profile: text,
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false }
    }
  })
  const events = Number(values.events)
  const numbers = {
    events,
    users: Number(values.users ?? Math.ceil(events / 3)),
    latency: Number(values.latency),
    rounds: Number(values.rounds)
  }
  const isWrong = Object.values(numbers).some((value) => !Number.isInteger(value) || value < 0)
  if (values.help || isWrong || values.only.some((name) => name !== TRANSLATE && !Object.hasOwn(CONTESTANTS, name))) {
    console.error(USAGE)
    process.exit(values.help ? 0 : 2)
  }
  const profile = values.profile && resolve(values.profile)
  if (profile) mkdirSync(profile, { recursive: true })
  return { ...values, ...numbers, profile }
}

async function startSink(latency) {
  const program = fileURLToPath(new URL('sink.mjs', import.meta.url))
  const child = fork(program, [API_KEY, String(latency)], { serialization: 'advanced' })
  const [{ url }] = await once(child, 'message')
  return {
    url,
    async ask(question) {
      child.send(question)
      const [answer] = await once(child, 'message')
      return answer
    },
    stop: () => child.disconnect()
  }
}
