import { BODY_FRAME_BYTES, entryBytes, type UserEntry } from '../../src/destination/index.js'
import type { EventRecord, FormOptions, FormResult, OpenBatch, Store } from '../../src/store/store.js'
import { expectEntries, readRecords } from './ledger-checks.js'
import type { LedgerModel } from './ledger-model.js'
import { nameOf } from './ledger-steps.js'

/** As the model had it before: who was in an open batch, and whom the ledger might keep waiting. */
interface Before {
  busy: ReadonlySet<string>
  mayWait: ReadonlySet<string>
}

/** Brings the model up to date with what forming a batch came to, and checks that it was allowed to. */
export async function concludeForming(
  store: Store,
  model: LedgerModel,
  { busy, mayWait }: Before,
  { now, maxUsers, maxBodyBytes, flushBefore }: FormOptions,
  formed: FormResult
): Promise<void> {
  const pending = model.live.filter(({ batch }) => batch === undefined)
  const records = await readRecords(store)
  for (const event of pending) event.batch = records.get(event.seq)?.batchId
  const taken = new Map(pending.flatMap(({ batch }) => (batch === undefined ? [] : [[batch, stateOf(batch, records)]])))
  for (const [batch, state] of taken) model.batches.set(batch, { state, at: now })
  const entriesOf = new Map([...taken.keys()].map((batch) => [batch, model.plan(model.membersOf(batch))]))

  const users = pending.filter(({ batch }) => batch !== undefined).map(({ user }) => user)
  expect(users.filter((user) => busy.has(user))).toEqual([])
  for (const user of new Set(users))
    expectOldest(
      pending.filter((event) => event.user === user),
      model,
      maxBodyBytes
    )
  const left = pending.filter(({ batch, user }) => batch === undefined && !mayWait.has(user))
  if (formed.kind === 'nothing') expect(left).toEqual([])
  if (formed.kind === 'waiting') expect(left[0]?.arrived ?? Infinity).toBeGreaterThan(flushBefore)

  for (const [batch, state] of taken) {
    const entries = entriesOf.get(batch) ?? new Map()
    if (state === 'failed') expect([formed.kind, [...entries].length]).toEqual(['too-large', 1])
    if (state === 'delivered') expect([...entries]).toEqual([])
    if (state === 'sending') expect(formed).toMatchObject({ kind: 'formed', batch: { id: batch } })
  }
  if (formed.kind !== 'formed') return
  const { id } = formed.batch
  const entries = namedEntries(formed.batch)
  expectEntries(entries, entriesOf.get(id))
  expect(entries.length).toBeLessThanOrEqual(maxUsers)
  expect(
    formed.batch.entries.reduce((sum, entry) => sum + entryBytes('bulk', entry), BODY_FRAME_BYTES)
  ).toBeLessThanOrEqual(maxBodyBytes)
  // Law 6: whoever is in a batch that fails was in the call that Dopt refused.
  expect(new Set(model.membersOf(id).map(({ user }) => user))).toEqual(
    new Set(entries.map(({ identifier }) => identifier))
  )
}

/** All of a user's events are taken, or as many of the oldest as fit where all of them do not. */
function expectOldest(events: LedgerModel['live'], model: LedgerModel, maxBodyBytes: number): void {
  const inOrder = [...events].sort((a, b) => a.time - b.time || a.seq - b.seq)
  const taken = inOrder.findIndex(({ batch }) => batch === undefined)
  if (taken === -1) return
  expect(inOrder.slice(taken).filter(({ batch }) => batch !== undefined)).toEqual([])
  // Copies: the model notes of what it plans what was overtaken.
  const [[identifier, properties] = ['', {}]] = [...model.plan(events.map((event) => ({ ...event })))]
  const bytes = BODY_FRAME_BYTES + entryBytes('bulk', { identifier, properties: JSON.stringify(properties) })
  expect(bytes).toBeGreaterThan(maxBodyBytes)
}

function stateOf(batch: number, records: ReadonlyMap<number, EventRecord>): 'sending' | 'delivered' | 'failed' {
  const states = [...records.values()].filter(({ batchId }) => batchId === batch).map(({ state }) => state)
  return states.includes('sending') ? 'sending' : states.includes('failed') ? 'failed' : 'delivered'
}

/** Under the names that the model knows. */
export function namedEntries({ subject, entries }: OpenBatch): UserEntry[] {
  return entries.map((entry) => ({ ...entry, identifier: nameOf(subject, entry.identifier) }))
}
