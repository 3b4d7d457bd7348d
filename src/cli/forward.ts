import { InputError } from '../intake/read-events.js'
import { StoreError } from '../store/errors.js'
import { INTAKE_SETTINGS, forwarderOptions, giveUpAfter, json } from './common-options.js'
import type { Command, CommandContext } from './command.js'
import { runDelivery, type DeliveryRun } from './delivery-run.js'
import { exitCodeOf } from './errors.js'
import { EXIT, type ExitCode } from './exit-codes.js'
import { hint } from './hint.js'
import { adviceOnLines, InputNotes } from './input-notes.js'
import { findInputs, totalBytes, type Input } from './inputs.js'
import { flag } from './setting.js'
import { keepHeapSmall } from './small-heap.js'
import { takeIn } from './take-in.js'

const acceptOnly = flag('acceptOnly', '--accept-only', 'store the events and send nothing; needs no API key')

export const forward: Command = {
  name: 'forward',
  arguments: '[file...]',
  summary: 'read Segment events from files or a pipe and deliver them',
  description: `Reads Segment events and delivers them to Dopt, in calls of up to 100 users.

The input is NDJSON or a JSON array, optionally gzipped; without a file, or with -, standard input is read. Events are
written to the store first. One whose messageId was seen before is not sent again; what an earlier run left undelivered is
delivered too.

It exits when everything is settled, when Dopt refuses the key, or after --give-up-after without progress. Undelivered
events are kept, and the same command continues with them. When the store is at its limit (--max-store-bytes), reading
waits until deliveries make space; with --accept-only it exits.`,
  settings: [acceptOnly, giveUpAfter, json],
  common: INTAKE_SETTINGS,
  examples: `  $ DOPT_API_KEY=... dopt-destination forward events.ndjson more.json.gz
  $ zcat archive.gz | dopt-destination forward --json --endpoint http://127.0.0.1:8788`,
  run
}

async function run({ args, output, wants, loadConfig }: CommandContext): Promise<ExitCode> {
  keepHeapSmall()
  const config = loadConfig()
  const send = !wants(acceptOnly)
  const options = { ...forwarderOptions(config), send }
  const inputs = findInputs(args, process.stdin)
  const ending = runDelivery({
    ...{ config, output, options, json: wants(json), mustDeliver: send },
    totalBytes: totalBytes(inputs),
    putIn: (delivery) => takeInAll(inputs, delivery)
  })
  return ending.catch((error: unknown) => {
    throw withAcceptOnly(error)
  })
}

/** If another process is sending, it can deliver these events too. Only this command can suggest that. */
function withAcceptOnly(error: unknown): unknown {
  if (!(error instanceof StoreError && error.code === 'in-use')) return error
  return new StoreError('in-use', `${error.message}, or add --accept-only and let it deliver these events`, {
    cause: error
  })
}

/** Events that were accepted before an input or the store fails are delivered all the same. */
async function takeInAll(inputs: readonly Input[], delivery: DeliveryRun): Promise<void> {
  const { forwarder, tally, watch, output, config, signal, complain } = delivery
  const notes = new InputNotes(output)
  let isComplete = true
  for (const [index, input] of inputs.entries()) {
    try {
      await takeIn(forwarder, input, tally, {
        signal,
        onBytes: (bytes) => (watch.bytesRead += bytes),
        onRejected: (source, reason) => notes.rejected(source, reason),
        onUntimed: (source) => notes.untimed(source),
        untilRoom: () => untilRoom(delivery)
      })
    } catch (error) {
      if (error instanceof StoreError && error.isPassing) {
        if (!signal.aborted) complain(error)
        return notes.sayRest()
      }
      if (!(error instanceof InputError)) throw error
      // If all that was given is a wrong file, the command does nothing.
      const isAll = tally.received === 0 && index === inputs.length - 1
      if (isAll && exitCodeOf(error) === EXIT.usage) throw error
      isComplete = false
      complain(error)
    }
    if (signal.aborted) break
  }
  notes.sayRest()
  const advice = adviceOnLines(tally.received, notes.notJson)
  if (advice !== undefined) output.note(advice)
  if (tally.received > 0 && tally.ignored === tally.received) {
    output.note(
      `nothing in the input is for Dopt: "${hint('preview', config)}" shows why, event by event, given the same input`
    )
  }
  const isIdle = tally.received === 0 && watch.backlog === 0
  if (isIdle && isComplete && !signal.aborted) output.note('no events in the input')
}

/**
 * Makes reading wait until deliveries have made space in a store at its limit. Resolves to whether there is space. Throws
 * StoreError if nothing is left to deliver.
 */
async function untilRoom(delivery: DeliveryRun): Promise<boolean> {
  const { forwarder, config, output, signal, giveUpAfterMs, end } = delivery
  if (forwarder.sender === undefined) return false
  output.noteOnce('the store is at its limit (--max-store-bytes): reading waits until deliveries make space')
  const reason = await forwarder.untilRoom({ giveUpAfterMs, signal })
  if (reason === 'room') return true
  end(reason)
  if (reason !== 'settled') return false
  const prune = hint('prune --failed --rejected', config)
  throw new StoreError(
    'limit',
    `${forwarder.store.location} is at its limit, and nothing is left in it to deliver: raise --max-store-bytes, or remove what you no longer need with "${prune}"`
  )
}
