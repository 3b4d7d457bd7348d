import { InputError } from '../intake/read-events.js'
import { StoreError } from '../store/errors.js'
import { DELIVERY_SETTINGS, forwarderOptions, giveUpAfter, json } from './common-options.js'
import type { Command, CommandContext } from './command.js'
import { runDelivery, type DeliveryRun } from './delivery-run.js'
import type { ExitCode } from './exit-codes.js'
import { hint } from './hint.js'
import { findInputs, totalBytes, type Input } from './inputs.js'
import { RejectedLines } from './rejected-lines.js'
import { flag } from './setting.js'
import { keepHeapSmall } from './small-heap.js'
import { takeIn } from './take-in.js'

const acceptOnly = flag('acceptOnly', '--accept-only', 'store the events and send nothing; needs no API key')

export const forward: Command = {
  name: 'forward',
  arguments: '[file...]',
  summary: 'take in Segment events from files or a pipe and deliver them',
  description: `Takes in Segment events and delivers them to Dopt, in calls of up to 100 users.

The files hold NDJSON or a JSON array, gzipped or not; without a file, or with -, standard input is read. Events are
written to the store first: one that was seen before, by its messageId, is not sent again, and what an earlier run left
undelivered is delivered too. It ends when everything is settled, when Dopt refuses the key, or when nothing has moved
for --give-up-after; all that is undelivered is kept, and the same command goes on with it. When the store is at its
limit (--max-store-bytes), reading waits until deliveries make room; with --accept-only it ends.`,
  settings: [acceptOnly, giveUpAfter, json],
  common: DELIVERY_SETTINGS,
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

/** Where another process sends, it can deliver these events, too: no other command has that way out. */
function withAcceptOnly(error: unknown): unknown {
  if (!(error instanceof StoreError && error.code === 'in-use')) return error
  return new StoreError('in-use', `${error.message}, or add --accept-only and let it deliver these events`, {
    cause: error
  })
}

/** What has been accepted when an input or the store gives trouble stays, and is delivered. */
async function takeInAll(inputs: readonly Input[], delivery: DeliveryRun): Promise<void> {
  const { forwarder, tally, watch, output, signal, complain } = delivery
  const rejected = new RejectedLines(output)
  let isComplete = true
  for (const [index, input] of inputs.entries()) {
    try {
      await takeIn(forwarder, input, tally, {
        signal,
        onBytes: (bytes) => (watch.bytesRead += bytes),
        onRejected: (source, reason) => rejected.say(source, reason),
        untilRoom: () => untilRoom(delivery)
      })
    } catch (error) {
      if (error instanceof StoreError && error.isPassing) {
        if (!signal.aborted) complain(error)
        return rejected.sayRest()
      }
      // With nothing taken in, and no other input, the error ends the command; but that there was nothing is no such slip.
      const isAll = tally.received === 0 && index === inputs.length - 1
      if (!(error instanceof InputError) || (isAll && error.code !== 'empty')) throw error
      isComplete = false
      complain(error)
    }
    if (signal.aborted) break
  }
  rejected.sayRest()
  if (tally.received === 0 && isComplete && !signal.aborted) output.note('nothing came in: the input holds no events')
}

/**
 * Lets reading wait while deliveries make room in a store at its limit, as long as they go on. Throws StoreError where there
 * is nothing to wait for.
 */
async function untilRoom(delivery: DeliveryRun): Promise<boolean> {
  const { forwarder, config, output, signal, giveUpAfterMs, end } = delivery
  if (forwarder.sender === undefined) return false
  output.noteOnce('the store is at its limit (--max-store-bytes): reading waits until deliveries make room')
  const reason = await forwarder.untilRoom({ giveUpAfterMs, signal })
  if (reason === 'room') return true
  end(reason)
  if (reason !== 'settled') return false
  const prune = hint('prune --failed --rejected', config)
  throw new StoreError(
    'limit',
    `${forwarder.store.location} is at its limit, and nothing is left in it to deliver: raise --max-store-bytes, or remove what nobody needs with "${prune}"`
  )
}
