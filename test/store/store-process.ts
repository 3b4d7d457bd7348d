/**
 * A process of its own that opens the store at argv[2] and does what its standard input says, one command a line; it
 * answers each with a line. Commands: `resume`, `accept ID…`, `form`, `books`, `flood` (accepts without end, printing each
 * id once it is acknowledged), `close`.
 */
import { createInterface } from 'node:readline'
import { StoreError } from '../../src/store/errors.js'
import { SqliteStore } from '../../src/store/sqlite-store.js'
import { newEvent } from './new-events.js'
import { formOptions } from './store-rig.js'

const [, , file = ''] = process.argv

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function accept(store: SqliteStore, ids: string[]): Promise<string> {
  const { accepted } = await store.accept({
    events: ids.map((id) => newEvent({ id, user: `user of ${id}` })),
    rejections: [],
    ignored: {}
  })
  return `accepted ${accepted}`
}

async function obey(store: SqliteStore, command: string): Promise<string> {
  const [verb = '', ...ids] = command.split(' ')
  switch (verb) {
    case 'resume':
      return `waiting ${(await store.resume(Date.now())).waiting}`
    case 'accept':
      return accept(store, ids)
    case 'flood':
      for (let n = 0; ; n++) {
        await accept(store, [`flood-${n}`, `second-${n}`])
        say(`flood-${n}`)
      }
    case 'form':
      return (await store.formBatch(formOptions())).kind
    case 'books':
      return JSON.stringify((await store.books()).events)
    case 'close':
      await store.close()
      return 'closed'
    default:
      return `what is ${verb}?`
  }
}

/** Errors are answers too: `error in-use`. */
async function answer(run: () => Promise<string>): Promise<void> {
  try {
    say(await run())
  } catch (error) {
    say(error instanceof StoreError ? `error ${error.code}` : String(error))
  }
}

async function main(): Promise<void> {
  let store: SqliteStore | undefined
  await answer(async () => {
    store = SqliteStore.open(file)
    return 'ready'
  })
  for await (const line of createInterface({ input: process.stdin })) {
    await answer(() => (store === undefined ? Promise.resolve('no store') : obey(store, line)))
  }
}

void main()
