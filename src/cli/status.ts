import { SqliteStore } from '../store/sqlite-store.js'
import { json, STORE_SETTINGS, storeFile } from './common-options.js'
import type { Command, CommandContext } from './command.js'
import { EXIT, type ExitCode } from './exit-codes.js'
import { hint } from './hint.js'
import { readStatus } from './status-document.js'
import { renderStatus } from './status-page.js'

export const status: Command = {
  name: 'status',
  summary: 'where everything stands: counts, endpoint, sender, last errors',
  description: `Shows the books of a store: how many events are in each state, what came in, how Dopt's endpoint
does, who is sending, what went wrong last, and what to type next. It only reads, and works beside a running sender.`,
  settings: [json],
  common: STORE_SETTINGS,
  examples: `  $ dopt-destination status
  $ dopt-destination status --json --store /var/lib/dopt/dopt.db | jq .events.pending`,
  run
}

async function run({ output, wants, loadConfig }: CommandContext): Promise<ExitCode> {
  const config = loadConfig()
  const store = SqliteStore.open(storeFile(config), { mustExist: true })
  try {
    const now = Date.now()
    const document = await readStatus(store, now)
    if (wants(json)) output.printJson(document)
    else output.print(renderStatus(document, now, (command) => hint(command, config)))
    return EXIT.done
  } finally {
    await store.close()
  }
}
