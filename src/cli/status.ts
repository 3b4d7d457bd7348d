import { SqliteStore } from '../store/sqlite-store.js'
import { json, STORE_SETTINGS, storeFile } from './common-options.js'
import type { Command, CommandContext } from './command.js'
import { EXIT, type ExitCode } from './exit-codes.js'
import { hint } from './hint.js'
import { readStatus } from './status-document.js'
import { renderStatus } from './status-page.js'

export const status: Command = {
  name: 'status',
  summary: 'show event counts, endpoint health, the sender and the last errors',
  description: `Shows the state of the store: event counts, the endpoint's health, the sender, the last errors and suggested
next commands. It only reads, and works alongside a running sender.`,
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
