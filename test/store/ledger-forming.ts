import { entryBytes, type UserEntry } from '../../src/destination/index.js'
import type { EventRecord, FormOptions, FormResult, OpenBatch, Store } from '../../src/store/store.js'
import { expectEntries, readRecords } from './ledger-checks.js'
import type { LedgerModel } from './ledger-model.js'
import { nameOf } from './ledger-steps.js'

/** As the model had it before: who was in an open batch, and whom the ledger might keep waiting. */
interface Before {
  busy: ReadonlySet<string>
  mayWait: ReadonlySet<string>
}

/** Brings the model up to date with the batches that the store has formed, and checks that it was allowed to. Returns what is to be sent. */
export async function concludeForming(
  store: Store,
  model: LedgerModel,
  { busy, mayWait }: Before,
  { now, maxUsers, maxBodyBytes, flushBefore }: FormOptions,
  results: readonly FormResult[]
): Promise<Map<number, UserEntry[]>> {
  const pending = model.live.filter(({ batch }) => batch === undefined)
  const records = await readRecords(store)
  for (const event of pending) event.batch = records.get(event.seq)?.batchId
  const taken = new Map(pending.flatMap(({ batch }) => (batch === undefined ? [] : [[batch, stateOf(batch, records)]])))
  for (const [batch, state] of taken) model.batches.set(batch, { state, at: now })
  const entriesOf = new Map([...taken.keys()].map((batch) => [batch, model.plan(model.membersOf(batch))]))

  const users = pending.filter(({ batch }) => batch !== undefined).map(({ user }) => user)
  expect(users.filter((user) => busy.has(user))).toEqual([])
  expect(pending.filter(({ user, batch }) => batch === undefined && users.includes(user))).toEqual([])
  // Who shares a key with somebody of a batch waits for it, too.
  const left = pending.filter(({ batch, user }) => batch === undefined && !mayWait.has(user))
  const last = results.at(-1)
  if (results.length === 1 && last?.kind === 'nothing') expect(left).toEqual([])
  if (results.length === 1 && last?.kind === 'waiting')
    expect(left[0]?.arrived ?? Infinity).toBeGreaterThan(flushBefore)
  expect(results.slice(0, -1).filter(({ kind }) => kind !== 'formed')).toEqual([])

  const formed = results.flatMap((result) => (result.kind === 'formed' ? [result.batch] : []))
  for (const [batch, state] of taken) {
    const entries = entriesOf.get(batch) ?? new Map()
    if (state === 'failed') expect([last?.kind, [...entries].length]).toEqual(['too-large', 1])
    if (state === 'delivered') expect([...entries]).toEqual([])
    if (state === 'sending') expect(formed.map(({ id }) => id)).toContain(batch)
  }
  for (const batch of formed) {
    const entries = namedEntries(batch)
    expectEntries(entries, entriesOf.get(batch.id))
    expect(entries.length).toBeLessThanOrEqual(maxUsers)
    expect(batch.entries.reduce((sum, entry) => sum + entryBytes('bulk', entry), 0)).toBeLessThanOrEqual(maxBodyBytes)
    // Law 6: whoever is in a batch that fails was in the call that Dopt refused.
    expect(new Set(model.membersOf(batch.id).map(({ user }) => user))).toEqual(
      new Set(entries.map(({ identifier }) => identifier))
    )
  }
  return new Map(formed.map((batch) => [batch.id, namedEntries(batch)]))
}

function stateOf(batch: number, records: ReadonlyMap<number, EventRecord>): 'sending' | 'delivered' | 'failed' {
  const states = [...records.values()].filter(({ batchId }) => batchId === batch).map(({ state }) => state)
  return states.includes('sending') ? 'sending' : states.includes('failed') ? 'failed' : 'delivered'
}

/** Under the names that the model knows. */
export function namedEntries({ subject, entries }: OpenBatch): UserEntry[] {
  return entries.map((entry) => ({ ...entry, identifier: nameOf(subject, entry.identifier) }))
}
