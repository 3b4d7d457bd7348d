import { SqliteStore } from '../store/sqlite-store.js'
import { json, STORE_SETTINGS, storeFile } from './common-options.js'
import type { Command, CommandContext } from './command.js'
import { UsageError } from './errors.js'
import { EXIT, type ExitCode } from './exit-codes.js'
import { flag } from './setting.js'
import { plural } from './summary.js'

const group = flag('group', '--group', 'what is named is a group, and not a user')

export const forget: Command = {
  name: 'forget',
  arguments: '<user>',
  summary: "remove a user's events, or a group's, from the store",
  description: `Removes all that the store holds of a user: events in every state, rejected events, and Dopt's words of calls that
carried the user. The file is rewritten, so that no trace of the values is left in it; that takes as long as copying it, and
works beside a running sender.

An event that tells something of others, too, such as a group and one of its users, goes whole. With --group it is a
group that is removed; of users who were put into it the store still knows that.

Dopt keeps what it was sent: it has no call that deletes a user or a group.`,
  settings: [group, json],
  common: STORE_SETTINGS,
  examples: `  $ dopt-destination forget user-4711`,
  run
}

async function run({ args, output, wants, loadConfig }: CommandContext): Promise<ExitCode> {
  const [user] = args
  if (user === undefined || user === '' || args.length > 1)
    throw new UsageError('name one user: dopt-destination forget <user>')
  const subject = wants(group) ? 'group' : 'user'
  const store = SqliteStore.open(storeFile(loadConfig()), { mustExist: true })
  try {
    const { events, rejections } = await store.forget(user, subject)
    if (wants(json)) output.printJson({ events, rejections })
    else if (events + rejections === 0) output.print(`the store holds nothing of that ${subject}`)
    else output.print(`removed ${plural(events, 'event')} and ${plural(rejections, 'rejected event')}`)
    return EXIT.done
  } finally {
    await store.close()
  }
}
