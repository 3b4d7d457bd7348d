import { SqliteStore } from '../store/sqlite-store.js'
import { json, STORE_SETTINGS, storeFile } from './common-options.js'
import type { Command, CommandContext } from './command.js'
import { UsageError } from './errors.js'
import { EXIT, type ExitCode } from './exit-codes.js'
import { flag } from './setting.js'
import { plural } from './summary.js'

const group = flag('group', '--group', 'remove a group, not a user')

export const forget: Command = {
  name: 'forget',
  arguments: '<user>',
  summary: "remove a user's or a group's events from the store",
  description: `Removes everything the store has about a user: events in every state, rejected events, and Dopt's errors for
calls that contained the user. The file is rewritten, so that no trace of the values is left in it; that takes as long
as copying it, and works alongside a running sender.

An event that is also about others, such as a group and one of its users, is removed entirely. With --group, a group is
removed; the store still knows which users were put into it.

Dopt keeps what it was sent: it has no call that deletes a user or a group.`,
  settings: [group, json],
  common: STORE_SETTINGS,
  examples: `  $ dopt-destination forget user-4711`,
  run
}

async function run({ args, output, wants, loadConfig }: CommandContext): Promise<ExitCode> {
  const [user] = args
  if (user === undefined || user === '' || args.length > 1)
    throw new UsageError('give one user: dopt-destination forget <user>')
  const subject = wants(group) ? 'group' : 'user'
  const store = SqliteStore.open(storeFile(loadConfig()), { mustExist: true })
  try {
    const { events, rejections } = await store.forget(user, subject)
    if (wants(json)) output.printJson({ events, rejections })
    else if (events + rejections === 0) output.print(`the store has nothing about that ${subject}`)
    else output.print(`removed ${describe(events, rejections)}`)
    return EXIT.done
  } finally {
    await store.close()
  }
}

function describe(events: number, rejections: number): string {
  return [
    ...(events > 0 ? [plural(events, 'event')] : []),
    ...(rejections > 0 ? [plural(rejections, 'rejected event')] : [])
  ].join(' and ')
}
