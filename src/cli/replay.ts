import { StoreError } from '../store/errors.js'
import { SqliteStore } from '../store/sqlite-store.js'
import { apiKey, DELIVERY_SETTINGS, forwarderOptions, giveUpAfter, json, storeFile } from './common-options.js'
import type { Command, CommandContext } from './command.js'
import type { Config } from './config.js'
import { runDelivery, type DeliveryRun, type DeliveryRunPlan } from './delivery-run.js'
import { CommandError } from './errors.js'
import { EXIT, type ExitCode } from './exit-codes.js'
import { putBackFailed, settleBeside } from './put-back.js'
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
  summary: 'put failed or rejected work back and deliver it',
  description: `Puts failed work back and delivers it, as "forward" would. Conditions narrow each other. Values that newer
events have delivered meanwhile are left out, so a replay never takes a user back.

It works beside a running sender: then it only puts the work back, and waits until the other process has settled it.`,
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
  // A replay is of what is there: it never makes a store.
  const store = SqliteStore.open(storeFile(config), { mustExist: true })
  let isSentElsewhere: boolean
  try {
    await refuseWhatIsNotThere(store, work)
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

/** @param isSentElsewhere that another process sends is known already, so that no key is needed here */
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
    // It is thrown when the store is opened, before anything was put back.
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
  if (run.tally.received === 0) run.output.note('nothing to put back')
}

async function putBackBeside(work: Work, run: DeliveryRun): Promise<void> {
  await putBack(work, run)
  if (run.tally.accepted === 0) return
  run.output.note('another process is sending from this store: the work is put back, and that process delivers it')
}

/** A slip in a number is better told than answered with a summary of zeros. */
async function refuseWhatIsNotThere(store: SqliteStore, { failed: selection }: Work): Promise<void> {
  if (selection?.batchId === undefined) return
  const found = await store.getBatch(selection.batchId)
  if (found === undefined) throw new CommandError(`${store.location} holds no batch ${selection.batchId}`)
  const { batch: record, children } = found
  if (record.state === 'failed') return
  const into = children.map(({ id }) => id).join(' and ')
  throw new CommandError(
    record.state === 'split'
      ? `batch ${record.id} was split into ${into}: replay what failed of those`
      : `batch ${record.id} has not failed, it is ${record.state}: there is nothing to put back`
  )
}
