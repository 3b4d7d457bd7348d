import { SqliteStore } from '../store/sqlite-store.js'
import type { Store, Subject } from '../store/store.js'
import { json, STORE_SETTINGS, storeFile } from './common-options.js'
import type { Command, CommandContext } from './command.js'
import { CommandError, UsageError } from './errors.js'
import { EXIT, type ExitCode } from './exit-codes.js'
import { hint } from './hint.js'
import { printable } from './printable.js'
import { flag } from './setting.js'
import { showBatch } from './show-batch.js'
import { showMessage } from './show-message.js'
import { showRejected } from './show-rejected.js'
import { showUser } from './show-user.js'

const user = flag('user', '--user', 'ID is a user')
const group = flag('group', '--group', 'ID is a group')

export const show: Command = {
  name: 'show',
  arguments: '<id>',
  summary: 'all about one batch, message, user or group',
  description: `Shows what came in, what was sent or is to be sent, what Dopt said and what happens next.

ID is the number of a batch or a messageId; with --user it is a user, with --group a group. Property values are
shown: only this command and preview print them.`,
  settings: [user, group, json],
  common: STORE_SETTINGS,
  examples: `  $ dopt-destination show 12
  $ dopt-destination show --user user-42 --json`,
  run
}

/** What `show` found, for people and as a document. */
export interface Shown {
  page: string
  document: object
}

export interface ShowContext {
  now: number
  /** Makes a command to type next. */
  hint: (command: string) => string
}

async function run({ args, output, wants, loadConfig }: CommandContext): Promise<ExitCode> {
  const config = loadConfig()
  const [id] = args
  if (id === undefined || id === '')
    throw new UsageError('name a batch, a message or, with --user or --group, a user or a group')
  if (wants(user) && wants(group))
    throw new UsageError('ID is a user or a group: --user and --group do not go together')
  const subject = wants(user) ? 'user' : wants(group) ? 'group' : undefined
  const store = SqliteStore.open(storeFile(config), { mustExist: true })
  try {
    const context: ShowContext = { now: Date.now(), hint: (command) => hint(command, config) }
    const shown = await (subject === undefined
      ? showBatchOrMessage(store, id, context)
      : showUser(store, id, subject, context))
    if (shown === undefined) throw new CommandError(notFound(id, subject, store.location))
    if (wants(json)) output.printJson(shown.document)
    else output.print(shown.page)
    return EXIT.done
  } finally {
    await store.close()
  }
}

/** A message may be called 12 as well: the batch is more likely meant. */
async function showBatchOrMessage(store: Store, id: string, context: ShowContext): Promise<Shown | undefined> {
  const batch = /^\d{1,15}$/.test(id) ? await showBatch(store, Number(id), context) : undefined
  return batch ?? (await showMessage(store, id, context)) ?? (await showRejected(store, id, context))
}

function notFound(id: string, subject: Subject | undefined, location: string): string {
  const name = printable(id)
  return subject !== undefined
    ? `${location} holds no event of the ${subject} ${name}`
    : `${location} holds neither a batch nor a message ${name}; for a user add --user, for a group --group`
}
