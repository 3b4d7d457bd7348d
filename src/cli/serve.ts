import type { Forwarder } from '../forwarder.js'
import { StoreError } from '../store/errors.js'
import { systemCode } from '../system-code.js'
import { INTAKE_SETTINGS, forwarderOptions, logLevel } from './common-options.js'
import type { Command, CommandContext } from './command.js'
import { EndpointNotices } from './endpoint-notices.js'
import { CommandError } from './errors.js'
import { EXIT, type ExitCode } from './exit-codes.js'
import { Interrupt } from './interrupt.js'
import { createLogger } from './logger.js'
import { aborted, explainListening } from './listening.js'
import type { Output } from './output.js'
import { RefusalNotices } from './refusal-notices.js'
import { allowFirstEventSignature, httpOptions, SERVE_SETTINGS } from './serve-settings.js'
import { readStatus } from './status-document.js'

const SHUTDOWN_DEADLINE_MS = 10_000
const NOTICE_INTERVAL_MS = 500
const REFUSALS_INTERVAL_MS = 3_600_000
/**
 * Clients wait five to ten seconds for an answer. If a locked store is reported before that, they back off and retry; a
 * client that has timed out may not. Only accepting is limited: the sender waits for the lock as long as usual.
 */
const STORE_TUNING = { acceptLockWaitMs: 4000 }

/** Why it cannot listen now, but may soon: another program uses the port, or the address is not up yet. */
const PASSING: ReadonlySet<unknown> = new Set(['EADDRINUSE', 'EADDRNOTAVAIL'])

export const serve: Command = {
  name: 'serve',
  summary: 'receive Segment events over HTTP and deliver them',
  description: `Receives events from Segment's SDKs and webhooks, and delivers them. It answers 200 when the events are on
disk. It prints one line when it accepts connections, and runs until it is interrupted (exit code 130) or terminated (exit
code 0); then it finishes open requests and exits.`,
  settings: SERVE_SETTINGS,
  common: INTAKE_SETTINGS,
  examples: `  $ dopt-destination serve
  $ DOPT_WRITE_KEY=… dopt-destination serve --host 0.0.0.0 --port 8080 --log-level info`,
  run
}

async function run({ output, loadConfig, wants }: CommandContext): Promise<ExitCode> {
  const config = loadConfig()
  const http = httpOptions(config, wants(allowFirstEventSignature))
  const [{ Forwarder }, { startIntake }, { resolveHttpOptions }] = await Promise.all([
    import('../forwarder.js'),
    import('../intake/http/listen.js'),
    import('../intake/http/options.js')
  ])
  // Before the store is opened and anything is sent.
  resolveHttpOptions(http)
  const level = config.get(logLevel)
  const logger = await createLogger(level, output)
  const interrupt = new Interrupt((signal) => {
    const ending = 'shutting down after open requests; a second signal stops at once'
    if (level === undefined) output.note(ending)
    else logger.info({ signal }, ending)
  })
  try {
    const opening = Forwarder.create({ ...forwarderOptions(config), logger }, STORE_TUNING)
    const forwarder = await opening.catch((error: unknown) => {
      throw error instanceof StoreError && error.code === 'in-use' ? asPassing(error) : error
    })
    try {
      const readNow = () => readStatus(forwarder.store, Date.now())
      // With a log level, the log reports refusals, and the endpoint's state.
      const refusals = level === undefined ? tellOfRefusals(output) : undefined
      const onRefused = refusals?.take.bind(refusals)
      const needs = { forwarder, readStatus: readNow, logger, onRefused, processMetrics: true }
      const intake = await startIntake(needs, http).catch((error: unknown) => {
        const explained = explainListening(error, http)
        throw PASSING.has(systemCode(error)) ? asPassing(explained) : explained
      })
      output.print(`listening on ${intake.url}`)
      void forwarder.sender?.checkKey()
      const stopNotices = level === undefined ? tellOfEndpoint(forwarder, output) : undefined
      const lost = await Promise.race([aborted(interrupt.signal), forwarder.lost])
      stopNotices?.()
      await intake.close({ deadlineMs: SHUTDOWN_DEADLINE_MS })
      refusals?.sayRest()
      // Exit with an error, so that a supervisor restarts the server.
      if (lost !== undefined) throw lost
    } finally {
      await forwarder.close({ deadlineMs: SHUTDOWN_DEADLINE_MS })
    }
    return interrupt.received === 'SIGTERM' ? EXIT.done : EXIT.interrupted
  } finally {
    interrupt.dispose()
  }
}

/** An error that may be over at the next start: exit code 1, with which a supervisor starts the server again. */
function asPassing(cause: unknown): CommandError {
  return new CommandError(cause instanceof Error ? cause.message : String(cause), { cause })
}

/** Reports when Dopt does not accept calls. Events are still accepted, so nothing else would show it. */
function tellOfEndpoint({ sender }: Forwarder, output: Output): () => void {
  const advice = 'events are still accepted and kept; restart with the right key (DOPT_API_KEY)'
  const notices = new EndpointNotices(advice)
  const timer = setInterval(() => {
    const line = sender && notices.next(sender.health.record, Date.now())
    if (line !== undefined) output.note(line)
  }, NOTICE_INTERVAL_MS)
  return () => clearInterval(timer)
}

/** Reports refused requests: nothing else would show them, and most SDKs delete their events. */
function tellOfRefusals(output: Output): RefusalNotices {
  const notices = new RefusalNotices((line) => output.note(line))
  setInterval(() => notices.sayRest(), REFUSALS_INTERVAL_MS).unref()
  return notices
}
