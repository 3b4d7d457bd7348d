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
const message = flag('message', '--message', 'ID is a messageId, not a batch number')

export const show: Command = {
  name: 'show',
  arguments: '<id>',
  summary: 'show the details of one batch, message, user or group',
  description: `Shows what was received, what was sent or will be sent, Dopt's response and what happens next.

ID is a batch number or a messageId; with --user it is a user, with --group a group, with --message a messageId only.
Property values are printed, which only show and preview do.`,
  settings: [user, group, message, json],
  common: STORE_SETTINGS,
  examples: `  $ dopt-destination show 12
  $ dopt-destination show --user user-42 --json`,
  run
}

/** What `show` found, as a page and as a JSON document. */
export interface Shown {
  page: string
  document: object
}

export interface ShowContext {
  now: number
  /** Makes a command to run next. */
  hint: (command: string) => string
}

async function run({ args, output, wants, loadConfig }: CommandContext): Promise<ExitCode> {
  const config = loadConfig()
  const [id] = args
  if (id === undefined || id === '')
    throw new UsageError('give the ID of a batch or a message or, with --user or --group, of a user or a group')
  if ([user, group, message].filter(wants).length > 1)
    throw new UsageError('--user, --group and --message cannot be combined: give one of them')
  const subject = wants(user) ? 'user' : wants(group) ? 'group' : undefined
  const store = SqliteStore.open(storeFile(config), { mustExist: true })
  try {
    const context: ShowContext = { now: Date.now(), hint: (command) => hint(command, config) }
    const batch = subject === undefined && !wants(message) ? await showBatchCalled(store, id, context) : undefined
    const shown =
      batch ??
      (subject === undefined ? await showIncoming(store, id, context) : await showUser(store, id, subject, context))
    if (shown === undefined) throw new CommandError(notFound(id, subject, wants(message), store.location))
    if (wants(json)) output.printJson(shown.document)
    else output.print(shown.page)
    if (batch !== undefined && (await showIncoming(store, id, context)) !== undefined)
      output.note(`there is also a message ${id}: see "${context.hint(`show --message ${id}`)}"`)
    return EXIT.done
  } finally {
    await store.close()
  }
}

async function showBatchCalled(store: Store, id: string, context: ShowContext): Promise<Shown | undefined> {
  return /^\d{1,15}$/.test(id) ? showBatch(store, Number(id), context) : undefined
}

/** A message, whether it was accepted or rejected. */
async function showIncoming(store: Store, id: string, context: ShowContext): Promise<Shown | undefined> {
  return (await showMessage(store, id, context)) ?? (await showRejected(store, id, context))
}

function notFound(id: string, subject: Subject | undefined, isMessage: boolean, location: string): string {
  const name = printable(id)
  if (isMessage) return `${location} has no message ${name}`
  return subject !== undefined
    ? `${location} has no events of the ${subject} ${name}`
    : `${location} has no batch or message ${name}; for a user add --user, for a group --group; ignored events are not stored`
}
