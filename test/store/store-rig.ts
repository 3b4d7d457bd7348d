import type { UserEntry } from '../../src/destination/index.js'
import type {
  AcceptReceipt,
  CallRecord,
  EventCounts,
  FormOptions,
  FormResult,
  OpenBatch,
  ReplayCount,
  ReplaySelection,
  Store
} from '../../src/store/store.js'
import { expectBalanced } from '../helpers/expect-balanced.js'
import { newEvent, START, type EventParts } from './new-events.js'

/** Runs `use` with a way to open handles on one new store, and cleans up; it closes the handles that are still open. */
export type OpenStore = (use: (open: () => Store | Promise<Store>) => Promise<void>) => Promise<void>

const ANSWERED: CallRecord = { at: START, status: 200, code: undefined, error: undefined }
const REFUSED: CallRecord = { at: START, status: 400, code: 'invalid_request_error', error: 'no' }
const DOWN: CallRecord = { at: START, status: 503, code: 'internal_server_error', error: 'down' }

/** A store and short words for what the tests do to it. After each step that writes, the books are audited. */
export class StoreRig {
  constructor(
    public store: Store,
    private readonly open: () => Store | Promise<Store>
  ) {}

  /** Another handle on the same store, which the rig has from now on; the one before should be closed. */
  async another(): Promise<Store> {
    this.store = await this.open()
    return this.store
  }

  async accept(...events: EventParts[]): Promise<AcceptReceipt> {
    const receipt = await this.store.accept({ events: events.map(newEvent), rejections: [], ignored: {} })
    await this.audit()
    return receipt
  }

  /** Forms whatever there is, of at most 100 users and 500 kB, where nothing else is said. */
  async tryForm(options: Partial<FormOptions> = {}): Promise<FormResult> {
    const formed = await this.store.formBatch(formOptions(options))
    await this.audit()
    return formed
  }

  /** The next batch. Events that were overtaken may be settled on the way to it. */
  async form(options: Partial<FormOptions> = {}): Promise<OpenBatch> {
    let formed = await this.tryForm(options)
    while (formed.kind === 'superseded') formed = await this.tryForm(options)
    if (formed.kind !== 'formed') throw new Error(`no batch was formed, but: ${formed.kind}`)
    return formed.batch
  }

  async claim(dueBy = Number.MAX_SAFE_INTEGER): Promise<OpenBatch | undefined> {
    const batch = await this.store.claimRetry(dueBy, START)
    await this.audit()
    return batch
  }

  async deliver(batch: OpenBatch, call: Partial<CallRecord> = {}): Promise<void> {
    await this.store.settle(batch.id, { to: 'delivered', call: { ...ANSWERED, ...call } })
    await this.audit()
  }

  async fail(batch: OpenBatch, call: Partial<CallRecord> = {}): Promise<void> {
    await this.store.settle(batch.id, { to: 'failed', call: { ...REFUSED, ...call } })
    await this.audit()
  }

  async retry(
    batch: OpenBatch,
    nextAttemptAt: number,
    options: Partial<CallRecord> & { countAttempt?: boolean } = {}
  ): Promise<void> {
    const { countAttempt = true, ...call } = options
    await this.store.settle(batch.id, { to: 'retrying', call: { ...DOWN, ...call }, nextAttemptAt, countAttempt })
    await this.audit()
  }

  /** Splits a batch; returns the ids of the halves. */
  async split(batch: OpenBatch, call: Partial<CallRecord> = {}): Promise<number[]> {
    await this.store.settle(batch.id, { to: 'split', call: { ...REFUSED, ...call } })
    await this.audit()
    return ((await this.store.getBatch(batch.id))?.children ?? []).map(({ id }) => id)
  }

  /** Accepts events and delivers all that is pending. */
  async acceptAndDeliver(...events: EventParts[]): Promise<OpenBatch> {
    await this.accept(...events)
    const batch = await this.form()
    await this.deliver(batch)
    return batch
  }

  /** Without the ranges, which only their own test looks at. */
  async replay(selection: ReplaySelection = {}): Promise<Omit<ReplayCount, 'ranges' | 'groups'>> {
    const { batches, events, users } = await this.store.replay(selection, START + 1_000_000)
    await this.audit()
    return { batches, events, users }
  }

  /** Closes the store, opens it again and becomes its sender. */
  async reopen(now = START): Promise<void> {
    await this.store.close()
    await (await this.another()).resume(now)
    await this.audit()
  }

  /** How many events are in each state, without the states that have none. */
  async counts(): Promise<Partial<EventCounts>> {
    const { events } = await this.store.books()
    return Object.fromEntries(Object.entries(events).filter(([, count]) => count > 0))
  }

  async stateOf(messageId: string): Promise<string | undefined> {
    return (await this.store.getEvent(messageId))?.state
  }

  /** Which message overtook it, where it is superseded. */
  async overtakerOf(messageId: string): Promise<string | undefined> {
    const event = await this.store.getEvent(messageId)
    return event?.state === 'superseded' ? event.supersededBy : undefined
  }

  /** Law 2, and that the counts kept by batch agree with the events counted one by one. */
  async audit(): Promise<void> {
    const books = await this.store.books()
    expectBalanced(books)
    expect(await this.store.countStates([{ first: 1, last: Number.MAX_SAFE_INTEGER }])).toEqual(books.events)
    const { hasPending, openBatches } = await this.store.agenda()
    expect({ hasPending, openBatches }).toEqual({
      hasPending: books.events.pending > 0,
      openBatches: books.batches.sending + books.batches.retrying
    })
  }
}

export function formOptions(options: Partial<FormOptions> = {}): FormOptions {
  return {
    now: START,
    maxUsers: 100,
    maxBodyBytes: 500_000,
    api: 'bulk',
    flushBefore: Number.MAX_SAFE_INTEGER,
    ...options
  }
}

/** What a call would tell Dopt: identifier → properties. Fails when it names a user twice. */
export function usersOf(entries: readonly UserEntry[]): Record<string, Record<string, unknown>> {
  const users = entries.map(({ identifier, properties }) => [identifier, parseProperties(properties)] as const)
  expect(new Set(entries.map(({ identifier }) => identifier)).size).toBe(entries.length)
  return Object.fromEntries(users)
}

function parseProperties(text: string): Record<string, unknown> {
  const parsed: unknown = JSON.parse(text)
  if (typeof parsed !== 'object' || parsed === null) throw new Error(`not an object: ${text}`)
  return { ...parsed }
}

/** Makes `withRig`: a new store whose sender we are. */
export function rigged(openStore: OpenStore): (use: (rig: StoreRig) => Promise<void>) => Promise<void> {
  return (use) =>
    openStore(async (open) => {
      const rig = new StoreRig(await open(), open)
      await rig.store.resume(START)
      await use(rig)
    })
}
