import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GROUP_SUBSCRIPTIONS } from '../../helpers/groups-config.js'
import { foldEvents } from '../../helpers/independent-fold.js'
import { pause, until } from '../until.js'
import { Chance } from './chance.js'
import {
  checkBooks,
  checkCalls,
  checkSummary,
  differences,
  NeverBackwards,
  sum,
  type Life,
  type Status
} from './checks.js'
import { CuttingProxy } from './cutting-proxy.js'
import { Dopt, KEY, NO_FAULTS, type Faults, type Users } from './dopt.js'
import { Program, type ProgramEnd } from './program.js'
import { Traffic } from './traffic.js'

export interface TortureOptions {
  /** What happens, and in which order, follows from it; when it happens does not. */
  seed: number
  rounds: number
  /** With groups, and so with the API that has them. */
  groups?: boolean
  /** An empty folder. */
  dir: string
  say?: (line: string) => void
}

const STORE = 'store.db'
const CONFIG = 'dopt-destination.config.json'
const GROUPS = 8
const INPUT = 'all.ndjson'
/** Longer than the program's own deadline for the calls in flight. */
const SHUTDOWN_MS = 15_000
/** Longer than the sandbox ever takes for an answer. */
const CALL_TIMEOUT = '600ms'
/** How long to wait for a call of a program that has just been started. */
const PATIENCE_MS = 1500

/**
 * The real program against the real sandbox, with everything going wrong that can: see `#round`. In the end nothing goes
 * wrong any more, all is replayed, and Dopt must hold what the input says and the books what came in. Whatever is not
 * as it has to be throws.
 */
export class Torture {
  readonly counts: Record<string, number> = {}
  readonly #chance: Chance
  readonly #traffic: Traffic
  readonly #watch: NeverBackwards
  readonly #lives: Life[] = []
  /** Whether a replay was run since the sender was started. */
  #hasRival = false
  readonly #running = new Set<Program>()
  /** The sender, while there is one. */
  #sender: Program | undefined
  /** How many lines it has been given. */
  #given = 0
  /** How many lines are surely in the store. */
  #safe = 0

  private constructor(
    private readonly options: TortureOptions,
    private readonly dopt: Dopt,
    private readonly proxy: CuttingProxy,
    chance: Chance
  ) {
    this.#chance = chance
    this.#traffic = new Traffic(chance, { groups: options.groups === true ? GROUPS : 0 })
    this.#watch = new NeverBackwards(this.#traffic)
  }

  /** Throws at the first thing that is not as it has to be. Resolves to how often what happened. */
  static async run(options: TortureOptions): Promise<Record<string, number>> {
    const chance = new Chance(options.seed)
    const dopt = await Dopt.start(options.dir)
    try {
      const proxy = await CuttingProxy.start(dopt.url, chance.fork())
      const torture = new Torture(options, dopt, proxy, chance)
      try {
        await torture.#run()
        return torture.counts
      } finally {
        for (const program of torture.#running) program.kill()
        await Promise.all([...torture.#running].map(({ end }) => end))
        await proxy.stop()
      }
    } finally {
      await dopt.stop()
    }
  }

  async #run(): Promise<void> {
    const config = this.options.groups === true ? { api: 'batch', subscriptions: GROUP_SUBSCRIPTIONS } : {}
    writeFileSync(join(this.options.dir, CONFIG), JSON.stringify(config))
    for (let round = 1; round <= this.options.rounds; round++) {
      await this.#round()
      await pause(this.#chance.between(5, 80))
      await this.#look()
      if (round % 10 === 0) await this.#lookAtCalls()
      if (round % 50 === 0) this.#say(`round ${round}: ${this.#tellCounts()}`)
    }
    await this.#finish()
    this.#say(`done: ${this.#tellCounts()}`)
  }

  async #round(): Promise<void> {
    const chance = this.#chance
    const fate = chance.next()
    if (this.#sender === undefined) await this.#start()
    if (fate < 0.42) this.#feed(chance.pick(1, 5, 20, 100, 300))
    else if (fate < 0.64) await this.#trouble()
    else if (fate < 0.72) await this.#relief()
    else if (fate < 0.76) await this.#status()
    else if (fate < 0.8) await this.#replayBeside()
    else if (fate < 0.92) await this.#kill()
    else if (fate < 0.97) await this.#interrupt()
    else await this.#letItEnd()
  }

  /** A new sender. What the last one may not have stored it gets again first, in the same order, and some more. */
  async #start(): Promise<void> {
    const chance = this.#chance
    this.#hasRival = false
    if (chance.happens(0.1)) return this.#replayAlone()
    const options = [
      ...['--flush-interval', chance.pick('0', '20', '100')],
      ...['--batch-size', chance.pick('3', '20', '100')],
      ...['--concurrency', chance.pick('1', '4', '8')],
      ...['--retry-window', chance.pick('72h', '72h', '300ms')],
      ...['--call-timeout', CALL_TIMEOUT]
    ]
    this.#sender = this.#launch(['forward', '-', '--json', '--give-up-after', '2s', ...options])
    this.#given = Math.max(0, this.#safe - chance.between(0, 60))
    this.#feed(chance.between(0, 50))
    // Mostly not before it is at work; but it has to bear being killed at any time.
    if (chance.happens(0.8)) await this.#awaitCall()
  }

  /** Waits a little for the next call. */
  async #awaitCall(): Promise<void> {
    const { calls } = await this.dopt.stats()
    const end = Date.now() + PATIENCE_MS
    while (Date.now() < end && (await this.dopt.stats()).calls === calls) await pause(10)
  }

  #feed(newLines: number): void {
    this.#traffic.write(newLines)
    this.#count('lines', newLines)
    const { lines } = this.#traffic
    this.#sender?.feed(
      lines
        .slice(this.#given)
        .map((line) => `${line}\n`)
        .join('')
    )
    this.#given = lines.length
  }

  async #trouble(): Promise<void> {
    const chance = this.#chance
    const faults: Faults = {
      latency: chance.pick(0, 0, 5, 50, 300),
      failRate: chance.pick(0, 0, 0.2, 0.6, 1),
      failStatus: chance.pick(500, 503, 502, 429, 429, 408, 400, 413, 404),
      retryAfter: chance.pick(null, null, 0, 1),
      rejectUsers: chance.happens(0.4) ? chance.some(this.#traffic.users, 0.06) : [],
      rejectGroups: chance.happens(0.3) ? chance.some(this.#traffic.groups, 0.2) : [],
      dropRate: chance.pick(0, 0, 0.1, 0.5),
      countOffset: chance.pick(0, 0, 0, 0, 0, 0, -1),
      apiKey: chance.happens(0.06) ? 'another-key' : KEY
    }
    this.proxy.rate = chance.pick(0, 0, 0.1, 0.5)
    this.#count('troubles')
    await this.dopt.setFaults(faults)
  }

  async #relief(): Promise<void> {
    this.proxy.rate = 0
    await this.dopt.setFaults(NO_FAULTS)
  }

  async #kill(): Promise<void> {
    this.#count('SIGKILL')
    this.#sender?.kill('SIGKILL')
    await this.#bury()
  }

  /** Law 11: it ends in time, and at once when it is told twice. */
  async #interrupt(): Promise<void> {
    const signal = this.#chance.pick('SIGTERM', 'SIGINT')
    const isTwice = this.#chance.happens(0.3)
    this.#count(isTwice ? `${signal} twice` : signal)
    const sender = this.#sender
    if (sender === undefined) return
    sender.kill(signal)
    if (isTwice) {
      await pause(20)
      sender.kill(signal)
    }
    await until(() => sender.hasEnded, `the end after ${signal}`, SHUTDOWN_MS)
    const { code, signal: by } = await sender.end
    // Before its handlers are set the signal itself ends it; when all was done it may have been done already.
    assert.ok(by === signal || code === 130 || code === 0 || code === 1, `${signal} ended it with ${code ?? by}`)
    await this.#bury()
  }

  async #letItEnd(): Promise<void> {
    const sender = this.#sender
    if (sender === undefined) return
    sender.endInput()
    const end = Date.now() + 3000
    while (!sender.hasEnded && Date.now() < end) await pause(20)
    if (!sender.hasEnded) return this.#kill()
    this.#count('ends')
    this.#checkEnd(await sender.end)
    await this.#bury()
  }

  /** The sender is gone: what does the store say that it had taken in? */
  async #bury(): Promise<void> {
    const sender = this.#sender
    if (sender === undefined) return
    await sender.end
    this.#sender = undefined
    this.#running.delete(sender)
    this.#lives.push({ from: sender.startedAt, to: Date.now() })
    await this.#status()
  }

  /** Laws 1 and 2. */
  async #status(): Promise<Status | undefined> {
    this.#count('status')
    const { code, stdout, stderr } = await this.#runToEnd(['status', '--json'])
    if (code === 2 && stderr.includes('there is no store')) return undefined
    assert.equal(code, 0, `status ended with ${code}: ${stderr}`)
    const status = JSON.parse(stdout) as Status
    checkBooks(status)
    const safe = this.#traffic.linesAccepted(status.intake.accepted)
    assert.ok(safe >= this.#safe, `${this.#safe} lines had been stored, and now ${safe} are`)
    this.#safe = Math.min(safe, this.#given)
    return status
  }

  async #replayBeside(): Promise<void> {
    this.#count('replays beside')
    this.#hasRival = true
    this.#checkEnd(
      await this.#runToEnd(['replay', '--failed', '--json', '--give-up-after', '300ms', '--call-timeout', CALL_TIMEOUT])
    )
  }

  /** A replay that is the sender itself, and may be killed at it. */
  async #replayAlone(): Promise<void> {
    this.#count('replays alone')
    this.#sender = this.#launch([
      'replay',
      '--failed',
      '--json',
      '--give-up-after',
      '1s',
      '--call-timeout',
      CALL_TIMEOUT
    ])
    await pause(this.#chance.between(20, 90))
    if (this.#chance.happens(0.5)) await this.#kill()
    else await this.#letItEnd()
  }

  async #look(): Promise<void> {
    this.#watch.look(await this.dopt.users())
    this.#watch.look(await this.dopt.groups())
  }

  async #lookAtCalls(): Promise<void> {
    const lives =
      this.#sender === undefined ? this.#lives : [...this.#lives, { from: this.#sender.startedAt, to: Infinity }]
    checkCalls(await this.dopt.calls(), lives)
  }

  /** Nothing goes wrong any more. Everything is given once more from a file, and what failed is replayed. */
  async #finish(): Promise<void> {
    await this.#relief()
    await this.#kill()
    const { lines, malformed, accepted } = this.#traffic
    writeFileSync(join(this.options.dir, INPUT), lines.map((line) => `${line}\n`).join(''))
    await this.#deliver(['forward', INPUT, '--json'])
    for (let times = 0; times < 5; times++) {
      const { pending } = await this.#deliver(['replay', '--failed', '--json'])
      if (pending === 0) break
    }
    const status = await this.#status()
    assert.ok(status, 'there is no store')
    const { delivered, superseded, ...undelivered } = status.events
    assert.equal(sum(undelivered), 0, `not everything was delivered: ${JSON.stringify(undelivered)}`)
    assert.equal(delivered + superseded, accepted.at(-1) ?? 0, 'not every event was accepted once')
    assert.equal(status.rejected, malformed.size, 'not every malformed line was kept once')

    await this.#look()
    const wanted = foldEvents(lines, { groups: this.options.groups === true })
    const wrong = [
      ...differences(await this.dopt.users(), Object.fromEntries(wanted.users)),
      ...differences(await this.dopt.groups(), Object.fromEntries(wanted.groups)),
      ...differences(membersOf(await this.dopt.memberships()), membersOf(Object.fromEntries(wanted.memberships)))
    ]
    assert.equal(wrong.length, 0, `Dopt does not hold what the events say: ${wrong.slice(0, 5).join('; ')}`)
    await this.#lookAtCalls()
    const again = await this.#deliver(['forward', INPUT, '--json'])
    assert.equal(sum([again['accepted'], again['calls']]), 0, 'the same input was sent again')
    await this.#countCalls()
  }

  async #deliver(args: readonly string[]): Promise<Record<string, number>> {
    const started = Date.now()
    const { code, stdout, stderr } = await this.#runToEnd([
      ...args,
      '--give-up-after',
      '20s',
      '--flush-interval',
      '0',
      '--call-timeout',
      CALL_TIMEOUT
    ])
    this.#lives.push({ from: started, to: Date.now() })
    assert.ok(code === 0 || code === 1, `${args[0]} ended with ${code}: ${stderr}`)
    return checkSummary(stdout)
  }

  async #runToEnd(args: readonly string[]): Promise<ProgramEnd> {
    const program = this.#launch(args)
    const end = await program.end
    this.#running.delete(program)
    return end
  }

  #launch(args: readonly string[]): Program {
    const env = { DOPT_ENDPOINT: this.proxy.url, DOPT_API_KEY: KEY, DOPT_STORE: STORE, DOPT_LOG_LEVEL: 'silent' }
    // Reading commands know nothing of keys and endpoints, and take no notice.
    const program = new Program(args, { cwd: this.options.dir, env })
    this.#running.add(program)
    return program
  }

  #checkEnd({ code, stdout, stderr }: ProgramEnd): void {
    if (code === 2 && stderr.includes('there is no store')) return
    // The replay was quicker than a sender that had just been started, and is the sender itself then (law 12).
    if (code === 2 && stderr.includes('another process is sending') && this.#hasRival) return
    assert.ok(code === 0 || code === 1, `it ended with ${code}: ${stderr}`)
    checkSummary(stdout)
  }

  async #countCalls(): Promise<void> {
    const { calls, byStatus, maxBatch } = await this.dopt.stats()
    assert.ok(maxBatch <= 100, `a call had ${maxBatch} users`)
    this.#count('calls', calls)
    for (const [status, times] of Object.entries(byStatus)) this.#count(`calls answered ${status}`, times)
    this.#count('answers cut', this.proxy.cuts)
    this.#count('answers that never came', this.proxy.silences)
    this.#count('looks at Dopt', this.#watch.looks)
  }

  #count(what: string, times = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + times
  }

  #tellCounts(): string {
    return Object.entries(this.counts)
      .map(([what, times]) => `${what} ${times}`)
      .join(', ')
  }

  #say(line: string): void {
    this.options.say?.(line)
  }
}

/** As `differences` compares: user → group → that the user is in it. */
function membersOf(memberships: Record<string, Iterable<string>>): Users {
  return Object.fromEntries(
    Object.entries(memberships).map(([user, groups]) => [
      user,
      Object.fromEntries(Array.from(groups, (group) => [group, true]))
    ])
  )
}
