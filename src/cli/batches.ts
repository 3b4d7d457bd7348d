import { SqliteStore } from '../store/sqlite-store.js'
import type { BatchRecord } from '../store/store.js'
import { json, STORE_SETTINGS, storeFile } from './common-options.js'
import type { Command, CommandContext } from './command.js'
import { EXIT, type ExitCode } from './exit-codes.js'
import { formatAge } from './format-number.js'
import { choice, pointInTime, whole } from './setting.js'
import { plural } from './summary.js'
import { renderTable } from './table.js'
import { toIso } from './when.js'

const DEFAULT_LIMIT = 20

const state = choice(
  {
    key: 'state',
    flag: '--state <state>',
    help: 'only batches in this state: sending, retrying, delivered, failed, split or replayed',
    inFile: false
  },
  ['sending', 'retrying', 'delivered', 'failed', 'split', 'replayed']
)
const limit = whole(
  {
    key: 'limit',
    flag: '--limit <n>',
    help: 'maximum number of batches to show, newest first',
    defaultText: String(DEFAULT_LIMIT),
    inFile: false
  },
  1,
  100_000
)
const since = pointInTime({
  key: 'since',
  flag: '--since <when>',
  help: 'only batches created since then: 24h for the last day, or a time such as 2026-10-01T12:00:00Z',
  inFile: false
})

export const batches: Command = {
  name: 'batches',
  summary: 'list batches, sent or waiting',
  description: `Lists batches, newest first. A batch is the content of one call: up to 100 users, or one group. "show" prints
its details.`,
  settings: [state, limit, since, json],
  common: STORE_SETTINGS,
  examples: `  $ dopt-destination batches --state failed
  $ dopt-destination batches --since 1h --limit 1000 --json | jq '.batches | length'`,
  run
}

/** A batch in JSON documents. Times are ISO 8601. */
export function toDocument(batch: BatchRecord) {
  const { id, subject, events, superseded, attempts } = batch
  const [users, groups] = subject === 'group' ? [0, batch.users] : [batch.users, 0]
  return {
    id,
    state: batch.state,
    parent: batch.parentId ?? null,
    ...{ users, groups, events, superseded, attempts },
    createdAt: toIso(batch.createdAt),
    nextAttemptAt: toIso(batch.nextAttemptAt),
    lastAttemptAt: toIso(batch.lastAttemptAt),
    settledAt: toIso(batch.settledAt),
    lastStatus: batch.lastStatus ?? null,
    lastCode: batch.lastCode ?? null,
    lastError: batch.lastError ?? null
  }
}

async function run({ output, wants, loadConfig }: CommandContext): Promise<ExitCode> {
  const config = loadConfig()
  const [wanted, from] = [config.get(state), config.get(since)]
  const filter = {
    limit: config.get(limit) ?? DEFAULT_LIMIT,
    ...(wanted !== undefined && { state: wanted }),
    ...(from !== undefined && { since: from })
  }
  const store = SqliteStore.open(storeFile(config), { mustExist: true })
  try {
    const found = await store.listBatches(filter)
    if (wants(json)) output.printJson({ batches: found.map(toDocument) })
    else if (found.length === 0) output.note('no batches')
    else {
      output.print(renderBatches(found, Date.now()))
      if (found.length === filter.limit) output.note(`the newest ${found.length}: raise --limit to see older ones`)
    }
    return EXIT.done
  } finally {
    await store.close()
  }
}

function renderBatches(found: readonly BatchRecord[], now: number): string {
  const rows = found.map((batch) => [
    // As text: a batch number is an id that people type again, so it has no thousands separator.
    String(batch.id).padStart(String(found[0]?.id ?? '').length),
    batch.state,
    batch.subject === 'group' ? plural(batch.users, 'group') : batch.users,
    batch.events,
    batch.attempts,
    `${formatAge(now - batch.createdAt)} ago`,
    batch.lastStatus === undefined ? '' : String(batch.lastStatus),
    batch.lastError ?? ''
  ])
  return renderTable(['batch', 'state', 'users', 'events', 'attempts', 'created', 'status', 'error'], rows)
}
