import type { UserEntry } from '../../src/destination/index.js'
import type { EventRecord, Store } from '../../src/store/store.js'
import type { Entries, LedgerModel } from './ledger-model.js'
import { EVERYBODY, NAMES, whoIs } from './ledger-steps.js'

/** Laws 2 and 4, and that the store and the model agree on every event. */
export async function expectAgreement(store: Store, model: LedgerModel): Promise<void> {
  const { events, removed, intake } = await store.books()
  const { received, accepted, duplicates } = intake
  const { duplicates: again, events: all } = model
  expectSame({ ...events, removed }, model.counts())
  expectSame(
    { received, accepted, duplicates },
    { received: all.length + again, accepted: all.length, duplicates: again }
  )

  const actual = [...(await readRecords(store)).values()].sort((a, b) => a.seq - b.seq)
  const says = actual.map(({ seq, messageId, state, batchId }) => [seq, messageId, state, batchId].join(' '))
  const shouldSay = model.live.map((event) => [event.seq, event.id, model.stateOf(event), event.batch].join(' '))
  expectSame(says.join('\n'), shouldSay.join('\n'))

  const open = model.live.filter(({ batch }) => batch !== undefined && model.isOpen(batch))
  for (const { user, batch } of open) {
    const other = open.find((event) => event.user === user && event.batch !== batch)
    if (other !== undefined) throw new Error(`${user} is in two open batches: ${batch} and ${other.batch}`)
  }
}

/** No user twice, and of everybody what the model says. */
export function expectEntries(actual: readonly UserEntry[], expected: Entries | undefined): void {
  const sent = actual.map(({ identifier, properties }) => [identifier, JSON.parse(properties) as unknown])
  const wanted = [...(expected ?? [])]
  expect(sent.length).toBe(wanted.length)
  expect(Object.fromEntries(sent)).toEqual(Object.fromEntries(wanted))
}

/** What Dopt holds when all has been delivered: the newest value of each property, of every user. */
export function expectNewestValues(model: LedgerModel): void {
  for (const event of model.live) expect(['delivered', 'superseded']).toContain(model.stateOf(event))
  for (const user of EVERYBODY) {
    const delivered = model.events.filter((event) => event.user === user && model.stateOf(event) === 'delivered')
    if (delivered.some(({ isForgotten }) => !isForgotten)) expect([...model.dopt.keys()]).toContain(user)
    for (const name of NAMES) {
      const newest = model.newest(user, name)
      const held = model.dopt.get(user)?.get(name)
      // Only what has left the ledger for good may be missing there, or be there still.
      if (newest?.gone === 'removed' || held?.isForgotten) continue
      expect({ user, name, holds: held?.id }).toEqual({ user, name, holds: newest?.id })
    }
  }
}

/** What the store says of every event that it holds. */
export async function readRecords(store: Store): Promise<Map<number, EventRecord>> {
  const users = await Promise.all(
    EVERYBODY.map((name) => {
      const { subject, identifier } = whoIs(name)
      return store.eventsOfUser(identifier, 1000, subject)
    })
  )
  return new Map(users.flatMap(({ events }) => events.map((event) => [event.seq, event])))
}

/** As `expect(…).toEqual(…)`, but quick where all is well: it is asked after every step. */
function expectSame(actual: unknown, expected: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) expect(actual).toEqual(expected)
}
