import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { prepareAccept } from '../../src/store/accept.js'
import { prepareMessageIndex } from '../../src/store/message-index.js'
import { openDatabase } from '../../src/store/open-database.js'
import { SqliteStore } from '../../src/store/sqlite-store.js'
import type { NewEvent } from '../../src/store/store.js'
import { withTempDir } from '../helpers/temp-dir.js'
import { member, newEvent } from './new-events.js'

/** So few that the index is written again and again. */
const RECENT_EVENTS = 4
const MESSAGES = 60
const HANDLES = [0, 1]

type Step =
  | { do: 'accept'; handle: number; messages: number[]; fails: boolean }
  | { do: 'reopen'; handle: number }
  | { do: 'forget'; handle: number; message: number }

const handle = fc.constantFrom(...HANDLES)
const message = fc.nat(MESSAGES - 1)
const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('accept' as const),
        handle,
        messages: fc.array(message, { minLength: 1, maxLength: 8 }),
        fails: fc.boolean()
      })
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const), handle }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('forget' as const), handle, message }) }
  ),
  { minLength: 5, maxLength: 60 }
)

/** Each message is of a user of its own, so that to forget the user is to remove the message. */
const eventOf = (number: number): NewEvent => newEvent({ id: `m-${number}`, user: `u-${number}` })

/** Not an event at all: accepting it fails in the middle of the transaction. */
const BROKEN = { messageId: undefined } as unknown as NewEvent

async function play(history: readonly Step[]): Promise<void> {
  await withTempDir(async (dir) => {
    const file = join(dir, 'store.db')
    const open = (): SqliteStore => SqliteStore.open(file, { recentEvents: RECENT_EVENTS, synchronous: 'normal' })
    const stores = HANDLES.map(open)
    const known = new Set<number>()
    try {
      for (const step of history) {
        const store = stores[step.handle] as SqliteStore
        if (step.do === 'accept') {
          const fresh = new Set(step.messages.filter((number) => !known.has(number)))
          const events = step.messages.map(eventOf)
          const receipt = store.accept({ events, rejections: [], ignored: {} })
          // Shares the transaction, which is undone and done again without it.
          if (step.fails)
            await expect(store.accept({ events: [eventOf(0), BROKEN], rejections: [], ignored: {} })).rejects.toThrow()
          expect(await receipt).toMatchObject({ accepted: fresh.size, duplicates: events.length - fresh.size })
          for (const number of fresh) known.add(number)
        } else if (step.do === 'forget') {
          expect(await store.forget(`u-${step.message}`)).toMatchObject({ events: known.delete(step.message) ? 1 : 0 })
        } else {
          await store.close()
          stores[step.handle] = open()
        }
        for (let number = 0; number < MESSAGES; number++) {
          expect((await stores[step.handle]?.getEvent(`m-${number}`))?.messageId).toBe(
            known.has(number) ? `m-${number}` : undefined
          )
        }
        expectIndexed(file)
      }
    } finally {
      for (const store of stores) await store.close()
    }
  })
}

/** The index on disk has every event up to its reach, and none that is gone. */
function expectIndexed(file: string): void {
  const db = new Database(file, { readonly: true })
  try {
    const lacking = db.prepare(
      `select count(*) from events e where seq <= (select seq from message_index_reach) and not exists (
         select 1 from message_index m where m.message_key = e.message_key and m.seq = e.seq)`
    )
    expect(lacking.pluck().get()).toBe(0)
    const orphans = 'select count(*) from message_index where seq not in (select seq from events)'
    expect(db.prepare(orphans).pluck().get()).toBe(0)
  } finally {
    db.close()
  }
}

describe('the message index', () => {
  it('knows every message once, whoever stores it, whatever fails, and across restarts', async () => {
    await fc.assert(fc.asyncProperty(steps, play), { numRuns: 60, interruptAfterTimeLimit: 10_000 })
  })

  it.each([1, 4])('goes to disk while events of %i parts come in', async (parts) => {
    await withTempDir(async (dir) => {
      const file = join(dir, 'store.db')
      const store = SqliteStore.open(file, { recentEvents: RECENT_EVENTS, synchronous: 'normal' })
      const later = Array.from({ length: parts - 1 }, (_, index) => member(`u-${index}`, 'g'))
      for (let number = 0; number < 200; number++) {
        await store.accept({ events: [{ ...eventOf(number), later }], rejections: [], ignored: {} })
      }
      await store.close()
      const db = new Database(file, { readonly: true })
      const [indexed, reach] = [
        db.prepare('select count(*) from message_index').pluck().get() as number,
        db.prepare('select seq from message_index_reach').pluck().get() as number
      ]
      db.close()
      expect(indexed).toBeGreaterThan(200 * parts - 3 * (RECENT_EVENTS + parts))
      expect(reach).toBeGreaterThan(200 * parts - 4 * (RECENT_EVENTS + parts))
    })
  })

  it('does not fall behind where every process accepts a little', async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, 'store.db')
      for (let number = 0; number < 40; number++) {
        const store = SqliteStore.open(file, { recentEvents: RECENT_EVENTS, synchronous: 'normal' })
        await store.accept({ events: [eventOf(number)], rejections: [], ignored: {} })
        await store.close()
      }
      const db = new Database(file, { readonly: true })
      expect(db.prepare('select seq from message_index_reach').pluck().get()).toBeGreaterThan(40 - 2 * RECENT_EVENTS)
      db.close()
    })
  })

  it('keeps in memory no more than its share, also where another process accepts most', async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, 'store.db')
      const other = SqliteStore.open(file, { recentEvents: RECENT_EVENTS, synchronous: 'normal' })
      const db = openDatabase(file)
      const accept = prepareAccept(db, prepareMessageIndex(db, RECENT_EVENTS))
      for (let number = 0; number < 400; number += 20) {
        const numbers = Array.from({ length: 19 }, (_, index) => number + index)
        for (const one of numbers) await other.accept({ events: [eventOf(one)], rejections: [], ignored: {} })
        expect(accept({ events: [eventOf(number + 19)], rejections: [], ignored: {} }).accepted).toBe(1)
      }
      expect(db.prepare('select count(*) from recent_messages').pluck().get()).toBeLessThan(4 * RECENT_EVENTS)
      db.close()
      await other.close()
    })
  })

  it('keeps up where many processes accept alike', async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, 'store.db')
      const stores = Array.from({ length: 6 }, () =>
        SqliteStore.open(file, { recentEvents: RECENT_EVENTS, synchronous: 'normal' })
      )
      for (let number = 0; number < 600; number++) {
        await stores[number % stores.length]?.accept({ events: [eventOf(number)], rejections: [], ignored: {} })
      }
      for (const store of stores) await store.close()
      const db = new Database(file, { readonly: true })
      const reach = db.prepare('select seq from message_index_reach').pluck().get()
      expect(reach).toBeGreaterThan(600 - 2 * RECENT_EVENTS * stores.length)
      db.close()
    })
  })

  it('does not do at a start all that is left to do', async () => {
    await withTempDir((dir) => {
      const file = join(dir, 'store.db')
      const [recentEvents, left] = [2000, 3000]
      const before = openDatabase(file)
      const acceptWith = (db: typeof before, ...numbers: number[]): void => {
        const accept = prepareAccept(db, prepareMessageIndex(db, recentEvents))
        accept({ events: numbers.map(eventOf), rejections: [], ignored: {} })
      }
      acceptWith(before, ...Array.from({ length: left }, (_, number) => number))
      before.exec('delete from message_index; update message_index_reach set seq = 0')
      before.close()

      const db = openDatabase(file)
      acceptWith(db, left)
      expect(db.prepare('select count(*) from message_index').pluck().get()).toBeLessThan(left)
      db.close()
    })
  })

  it.each([
    ['in memory', RECENT_EVENTS, 'recent_messages'],
    ['on disk', 0, 'message_index']
  ])('loses what is removed while it is %s', async (_where, recentEvents, table) => {
    await withTempDir((dir) => {
      const db = openDatabase(join(dir, 'store.db'))
      const accept = prepareAccept(db, prepareMessageIndex(db, recentEvents))
      accept({ events: [1, 2, 3].map(eventOf), rejections: [], ignored: {} })
      const seqs = db.prepare(`select seq from ${table} order by seq`).pluck()
      expect(seqs.all()).toEqual([1, 2, 3])
      db.exec('delete from events where seq = 2')
      expect(seqs.all()).toEqual([1, 3])
      db.close()
    })
  })

  it('does not take to disk what another process has removed', async () => {
    await withTempDir((dir) => {
      const [db, other] = [openDatabase(join(dir, 'store.db')), openDatabase(join(dir, 'store.db'))]
      const accept = prepareAccept(db, prepareMessageIndex(db, RECENT_EVENTS))
      const acceptAll = (...numbers: number[]): void =>
        void accept({ events: numbers.map(eventOf), rejections: [], ignored: {} })
      acceptAll(1, 2, 3)
      other.exec('delete from events where seq = 2')
      acceptAll(4, 5, 6, 7)
      expect(db.prepare('select seq from message_index order by seq').pluck().all()).toEqual([1, 3, 4, 5, 6, 7])
      db.close()
      other.close()
    })
  })
})
