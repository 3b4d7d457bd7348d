import { StoreError } from '../store/errors.js'
import { SqliteStore } from '../store/sqlite-store.js'
import { apiKey, DELIVERY_SETTINGS, forwarderOptions, giveUpAfter, json, storeFile } from './common-options.js'
import type { Command, CommandContext } from './command.js'
import type { Config } from './config.js'
import { runDelivery, type DeliveryRun, type DeliveryRunPlan } from './delivery-run.js'
import { CommandError } from './errors.js'
import { EXIT, type ExitCode } from './exit-codes.js'
import { putBackFailed, settleBeside } from './put-back.js'
import { plural, undelivered } from './summary.js'
import { isAlive } from './status-document.js'
import {
  batch,
  dryRun,
  failed,
  group,
  rejected,
  since,
  until,
  user,
  selectWork,
  type Work
} from './replay-selection.js'

export const replay: Command = {
  name: 'replay',
  summary: 'put failed or rejected events back and deliver them',
  description: `Puts failed events back and delivers them, as "forward" would. Conditions are combined: all of them must match.
Values that newer events have delivered meanwhile are left out, so a replay never takes a user back to older values.

It works alongside a running sender: then it only puts the events back, and waits until the other process has settled
them.`,
  settings: [batch, user, group, since, until, failed, rejected, dryRun, giveUpAfter, json],
  common: DELIVERY_SETTINGS,
  examples: `  $ dopt-destination replay --failed --since 24h --dry-run
  $ dopt-destination replay --batch 12
  $ dopt-destination replay --rejected --json`,
  run
}

async function run(context: CommandContext): Promise<ExitCode> {
  const { output, wants, loadConfig } = context
  const config = loadConfig()
  const work = selectWork(config)
  // There is nothing to replay without a store, so none is created.
  const store = SqliteStore.open(storeFile(config), { mustExist: true })
  let isSentElsewhere: boolean
  try {
    await refuseWrongBatch(store, work)
    if (wants(dryRun)) {
      const { previewReplay, renderPreview } = await import('./replay-preview.js')
      const { translatorOptions } = await import('./translator-options.js')
      const preview = await previewReplay(store, work, translatorOptions(config))
      if (wants(json)) output.printJson(preview)
      else output.print(renderPreview(preview))
      return EXIT.done
    }
    isSentElsewhere = config.get(apiKey) === undefined && (await isSending(store))
  } finally {
    await store.close()
  }
  return deliver(work, config, context, isSentElsewhere)
}

/** @param isSentElsewhere another process is known to be sending, so that no key is needed here */
async function deliver(
  work: Work,
  config: Config,
  { output, wants }: CommandContext,
  isSentElsewhere: boolean
): Promise<ExitCode> {
  const options = forwarderOptions(config)
  const plan: DeliveryRunPlan = {
    ...{ config, output, options, json: wants(json), mustDeliver: true },
    putIn: (run: DeliveryRun) => putBack(work, run)
  }
  try {
    if (!isSentElsewhere) return await runDelivery(plan)
  } catch (error) {
    // Thrown when the store is opened, before anything is put back.
    if (!(error instanceof StoreError && error.code === 'in-use')) throw error
  }
  return runDelivery({
    ...plan,
    options: { ...options, send: false },
    putIn: (run) => putBackBeside(work, run),
    settle: settleBeside
  })
}

async function isSending(store: SqliteStore): Promise<boolean> {
  const { sender } = await store.books()
  return sender !== undefined && isAlive(sender) === true
}

async function putBack(work: Work, run: DeliveryRun): Promise<void> {
  if (work.failed !== undefined) await putBackFailed(work.failed, run)
  if (work.rejected !== undefined) {
    const { putBackRejected } = await import('./replay-rejected.js')
    await putBackRejected(work.rejected, run)
  }
  if (run.tally.received > 0) return
  const waiting = run.forwarder.sender === undefined ? 0 : run.watch.backlog
  run.output.note(
    waiting === 0 ? 'nothing to replay' : `nothing more to replay; delivering ${plural(waiting, 'undelivered event')}`
  )
}

async function putBackBeside(work: Work, run: DeliveryRun): Promise<void> {
  await putBack(work, run)
  if (run.tally.accepted === 0) return
  run.output.note('another process is sending from this store: the events are put back, and that process delivers them')
}

/** A mistyped batch number is an error, rather than a summary of zeros. */
async function refuseWrongBatch(store: SqliteStore, { failed: selection }: Work): Promise<void> {
  if (selection?.batchId === undefined) return
  const found = await store.getBatch(selection.batchId)
  if (found === undefined) throw new CommandError(`${store.location} has no batch ${selection.batchId}`)
  const { batch: record, children } = found
  if (record.state === 'failed') return
  // A run that was interrupted has put it back: this one continues.
  if (record.state === 'replayed' && undelivered((await store.books()).events) > 0) return
  const into = children.map(({ id }) => id).join(' and ')
  throw new CommandError(
    record.state === 'split'
      ? `batch ${record.id} was split into ${into}: replay those that failed`
      : `batch ${record.id} is ${record.state}, not failed: there is nothing to replay`
  )
}
