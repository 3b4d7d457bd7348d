import { setImmediate as nextTurn } from 'node:timers/promises'
import { SqliteStore } from '../store/sqlite-store.js'
import type { PruneOptions, Store } from '../store/store.js'
import { json, STORE_SETTINGS, storeFile } from './common-options.js'
import type { Command, CommandContext } from './command.js'
import { EXIT, type ExitCode } from './exit-codes.js'
import { formatBytes } from '../format-bytes.js'
import { plural } from './summary.js'
import { duration, flag } from './setting.js'

const DEFAULT_AGE_MS = 7 * 24 * 60 * 60 * 1000

const olderThan = duration({
  key: 'olderThan',
  flag: '--older-than <duration>',
  help: 'remove events settled longer ago than this',
  defaultText: '7d',
  inFile: false
})
const failed = flag('failed', '--failed', 'also remove failed events of that age; they can then no longer be replayed')
const rejected = flag(
  'rejected',
  '--rejected',
  'also remove rejected events of that age; they can then no longer be replayed'
)

export const prune: Command = {
  name: 'prune',
  summary: 'remove old delivered events and free disk space',
  description: `Removes delivered and superseded events that were settled long enough ago, in small steps that let a running
sender continue, and frees disk space. Failed and rejected events are kept unless you add --failed or --rejected. A
running sender removes old delivered and superseded events by itself (--retention).`,
  settings: [olderThan, failed, rejected, json],
  common: STORE_SETTINGS,
  examples: `  $ dopt-destination prune --older-than 30d
  $ dopt-destination prune --older-than 90d --failed --rejected`,
  run
}

async function run({ output, wants, loadConfig }: CommandContext): Promise<ExitCode> {
  const config = loadConfig()
  const before = Date.now() - (config.get(olderThan) ?? DEFAULT_AGE_MS)
  const store = SqliteStore.open(storeFile(config), { mustExist: true })
  try {
    const { bytes: bytesBefore } = await store.usage()
    const removed = await removeAll(store, {
      deliveredBefore: before,
      ...(wants(failed) && { failedBefore: before }),
      ...(wants(rejected) && { rejectedBefore: before })
    })
    while (await store.reclaimStep()) await nextTurn()
    const { bytes: bytesAfter } = await store.usage()
    if (wants(json)) output.printJson({ removed, bytesBefore, bytesAfter })
    else
      output.print(
        `removed ${plural(removed, 'event')}: ${formatBytes(bytesBefore)} before, ${formatBytes(bytesAfter)} now`
      )
    const { events, rejected: rejections } = await store.books()
    const kept = [
      ...(wants(failed) && events.failed > 0 ? [plural(events.failed, 'failed event')] : []),
      ...(wants(rejected) && rejections > 0 ? [plural(rejections, 'rejected event')] : [])
    ]
    if (kept.length > 0) output.note(`kept, because not old enough: ${kept.join(', ')} (change --older-than)`)
    return EXIT.done
  } finally {
    await store.close()
  }
}

async function removeAll(store: Store, options: PruneOptions): Promise<number> {
  let total = 0
  for (let more = true; more;) {
    const step = await store.pruneStep(options)
    total += step.removed
    more = step.more
    // Each step is its own commit, so that a sender can write between two steps.
    await nextTurn()
  }
  return total
}
