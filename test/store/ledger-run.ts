import { copyFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import type { UserEntry } from '../../src/destination/index.js'
import { SqliteStore } from '../../src/store/sqlite-store.js'
import type { FormOptions, NewEvent } from '../../src/store/store.js'
import { expectAgreement, expectEntries, readRecords } from './ledger-checks.js'
import { concludeForming, namedEntries } from './ledger-forming.js'
import { LedgerModel, type ModelEvent } from './ledger-model.js'
import { isUncertain, settlementOf } from './ledger-settlement.js'
import { EVERYBODY, USERS, whoIs, type NewcomerStep, type Step } from './ledger-steps.js'
import { START } from './new-events.js'

type StepOf<K extends Step['do']> = Extract<Step, { do: K }>
/** Brings the model up to date with what the store did, and checks that it was allowed to. */
type Conclude = () => Promise<void> | void

const nothing: Conclude = () => undefined

/** So few that the message index is written in every history. */
const RECENT_EVENTS = 3

/** One history: every step is done to a real store and to the model, and then all that the store says is compared. */
export class LedgerRun {
  readonly model = new LedgerModel()
  store: SqliteStore
  now = START + 1000
  /** Calls that are out, as they were handed to the sender. */
  readonly #inFlight = new Map<number, readonly UserEntry[]>()
  /** Users who were forgotten while a batch had them: they stay busy until it is settled. */
  #ghosts: Array<{ batch: number; user: string }> = []
  #files = 0
  #values = 0

  constructor(private readonly dir: string) {
    this.store = this.#open()
  }

  async start(): Promise<void> {
    await this.store.resume(this.now)
  }

  async step(step: Step): Promise<void> {
    this.now += 5
    const conclude = await this.#issue(step)
    await conclude()
    await expectAgreement(this.store, this.model)
  }

  /** Delivers all there is, failed events as well. */
  async finish(): Promise<void> {
    const form = { do: 'form', maxUsers: 100, maxBodyBytes: 500_000, flushAgeMs: 0 } as const
    await this.step({ do: 'replay', of: 'all', pick: 0 })
    for (;;) {
      while (this.#inFlight.size > 0)
        await this.step({ do: 'settle', pick: 0, to: 'delivered', applied: 0, delayMs: 0 })
      await this.step({ do: 'claim', aheadMs: 1e9 })
      if (this.#inFlight.size > 0) continue
      await this.step(form)
      const { hasPending, openBatches } = await this.store.agenda()
      if (!hasPending && openBatches === 0) return
    }
  }

  /** Calls the store at once, so that steps issued together share a commit; resolves when the store has answered. */
  async #issue(step: Step): Promise<Conclude> {
    switch (step.do) {
      case 'accept':
        return this.#accept(step)
      case 'form':
        return this.#form(step)
      case 'settle':
        return this.#settle(step)
      case 'claim':
        return this.#claim(step)
      case 'crash':
        return this.#crash(step)
      case 'replay':
        return this.#replay(step)
      case 'prune':
        return this.#prune(step)
      case 'forget':
        return this.#forget(step)
      case 'at once': {
        const concludes = await Promise.all(step.steps.map((one) => this.#issue(one)))
        return async () => {
          for (const conclude of concludes) await conclude()
        }
      }
    }
  }

  async #accept({ events }: StepOf<'accept'>): Promise<Conclude> {
    const newcomers = events.map((event) => ({ ...event, value: ++this.#values }))
    const arrived = this.now
    const receipt = await this.store.accept({
      events: newcomers.map((event) => toNewEvent(event, arrived)),
      rejections: [],
      ignored: {}
    })
    return () => {
      let seq = receipt.range?.first ?? 0
      for (const { id, user, time, names, value } of newcomers) {
        if (this.model.live.some((event) => event.id === id)) {
          this.model.duplicates++
          continue
        }
        const standing = { batch: undefined, overtaken: false, mayBeHeld: false, isForgotten: false }
        this.model.events.push({ seq: seq++, id, user, time, arrived, value, names, ...standing })
      }
    }
  }

  async #form({ flushAgeMs, ...limits }: StepOf<'form'>): Promise<Conclude> {
    const { model, now, store } = this
    const before = {
      busy: new Set<string>(EVERYBODY.filter((user) => model.isBusy(user))),
      mayWait: new Set<string>(EVERYBODY.filter((user) => this.#mayWait(user)))
    }
    const options: FormOptions = { now, api: 'bulk', flushBefore: now - flushAgeMs, ...limits }
    const formed = await store.formBatch(options)
    return async () => {
      await concludeForming(store, model, before, options, formed)
      if (formed.kind === 'formed') this.#inFlight.set(formed.batch.id, namedEntries(formed.batch))
    }
  }

  async #settle({ pick, to: wanted, applied, delayMs }: StepOf<'settle'>): Promise<Conclude> {
    const { now } = this
    const [id, entries] = [...this.#inFlight][pick % this.#inFlight.size] ?? []
    if (id === undefined || entries === undefined) return nothing
    // As the sender decides: one user alone cannot be split.
    const to = wanted === 'split' && entries.length < 2 ? 'failed' : wanted
    this.#inFlight.delete(id)
    this.#reachDopt(entries, to === 'delivered' ? ~0 : to === 'key-refused' ? 0 : applied)
    const settlement = settlementOf(to, now, delayMs, applied !== 0)
    await this.store.settle(id, settlement)
    return async () => {
      const members = this.model.membersOf(id)
      if (to !== 'delivered') for (const event of members) event.mayBeHeld ||= isUncertain(settlement.call)
      if (to === 'retrying' || to === 'key-refused') {
        this.model.batches.set(id, { state: 'retrying', at: now + delayMs })
        return
      }
      this.#ghosts = this.#ghosts.filter(({ batch }) => batch !== id)
      if (to === 'split') return this.#concludeSplit(id, members)
      this.model.batches.set(id, { state: to, at: now })
    }
  }

  /** The halves have the users of the whole, each of them once, and are due at once. */
  async #concludeSplit(id: number, members: readonly ModelEvent[]): Promise<void> {
    const records = await readRecords(this.store)
    const children = ((await this.store.getBatch(id))?.children ?? []).map((child) => child.id)
    for (const event of members) event.batch = records.get(event.seq)?.batchId
    this.model.batches.delete(id)
    for (const child of children) this.model.batches.set(child, { state: 'retrying', at: this.now })
    for (const child of children) this.model.plan(this.model.membersOf(child))
    const usersOf = children.map((child) => [...new Set(this.model.membersOf(child).map(({ user }) => user))])
    expect(usersOf.flat().sort()).toEqual([...new Set(members.map(({ user }) => user))].sort())
    expect(usersOf.filter((users) => users.length === 0)).toEqual([])
  }

  async #claim({ aheadMs }: StepOf<'claim'>): Promise<Conclude> {
    const { now } = this
    const claimed = await this.store.claimRetry(now + aheadMs, now)
    return () => {
      const due = [...this.model.batches]
        .filter(([, { state, at }]) => state === 'retrying' && at <= now + aheadMs)
        .sort(([idA, a], [idB, b]) => a.at - b.at || idA - idB)
      for (const [id, batch] of due) {
        const entries = this.model.plan(this.model.membersOf(id))
        if (entries.size === 0) {
          Object.assign(batch, { state: 'delivered', at: now })
          this.#ghosts = this.#ghosts.filter((ghost) => ghost.batch !== id)
          continue
        }
        expect(claimed?.id).toBe(id)
        const claimedEntries = claimed === undefined ? [] : namedEntries(claimed)
        expectEntries(claimedEntries, entries)
        batch.state = 'sending'
        this.#inFlight.set(id, claimedEntries)
        return
      }
      expect(claimed).toBeUndefined()
    }
  }

  /** The process dies: what is on the disk at this moment is all that the next one has. */
  async #crash({ applied }: StepOf<'crash'>): Promise<Conclude> {
    for (const entries of this.#inFlight.values()) this.#reachDopt(entries, applied)
    this.#inFlight.clear()
    this.#ghosts = []
    const old = this.store
    this.#files++
    for (const suffix of ['', '-wal']) {
      if (existsSync(old.location + suffix)) copyFileSync(old.location + suffix, this.#file + suffix)
    }
    await old.close()
    this.store = this.#open()
    const { waiting } = await this.store.resume(this.now)
    return () => {
      const open = [...this.model.batches].filter(([id]) => this.model.isOpen(id))
      expect(waiting).toBe(open.length)
      for (const [id, batch] of open) {
        if (batch.state === 'sending') for (const event of this.model.membersOf(id)) event.mayBeHeld = true
        Object.assign(batch, { state: 'retrying', at: this.now })
      }
    }
  }

  async #replay({ of, pick }: StepOf<'replay'>): Promise<Conclude> {
    const failed = [...this.model.batches].filter(
      ([id, { state }]) => state === 'failed' && this.model.membersOf(id).length > 0
    )
    const [pickedId, picked] = failed[pick % failed.length] ?? [999_999, { at: this.now }]
    const user = EVERYBODY[pick % EVERYBODY.length] ?? 'u1'
    const selection = {
      ...(of === 'batch' && { batchId: pickedId }),
      ...(of === 'user' && whoIs(user)),
      ...(of === 'since' && { since: picked.at }),
      ...(of === 'until' && { until: picked.at })
    }
    const count = await this.store.replay(selection, this.now)
    return () => {
      const meant = failed
        .filter(([id, { at }]) =>
          of === 'batch' ? id === pickedId : of === 'since' ? at >= picked.at : of !== 'until' || at < picked.at
        )
        .map(([id]) => this.model.membersOf(id).filter((event) => of !== 'user' || event.user === user))
        .filter((events) => events.length > 0)
      expect(count).toMatchObject({ batches: meant.length, events: meant.flat().length })
      for (const event of meant.flat()) event.batch = undefined
    }
  }

  async #prune({ delivered, failed, ageMs }: StepOf<'prune'>): Promise<Conclude> {
    const before = this.now - ageMs
    const options = { ...(delivered && { deliveredBefore: before }), ...(failed && { failedBefore: before }) }
    while ((await this.store.pruneStep(options)).more);
    return () => {
      for (const [id, { state, at }] of this.model.batches) {
        if (at >= before) continue
        const members = this.model.membersOf(id)
        if (delivered && state === 'delivered') for (const event of members) event.gone = 'pruned'
        if (failed && state === 'failed') for (const event of members) event.gone = 'removed'
      }
    }
  }

  async #forget({ user }: StepOf<'forget'>): Promise<Conclude> {
    const { subject, identifier } = whoIs(user)
    const { events } = await this.store.forget(identifier, subject)
    return () => {
      const own = this.model.live.filter((event) => event.user === user)
      expect(events).toBe(own.length)
      for (const { batch } of own)
        if (batch !== undefined && this.model.isOpen(batch)) this.#ghosts.push({ batch, user })
      for (const event of own) event.gone = 'removed'
      for (const event of this.model.events) if (event.user === user) event.isForgotten = true
    }
  }

  /** The users whose bit is set in `mask` take effect at Dopt. */
  #reachDopt(entries: readonly UserEntry[], mask: number): void {
    entries.forEach(({ identifier, properties }, index) => {
      if ((mask & (1 << (index % 4))) === 0) return
      this.model.apply(identifier, JSON.parse(properties) as Record<string, unknown>)
    })
  }

  /** Whether the ledger may keep a user waiting: it is busy, or the other one with its key is. */
  #mayWait(user: string): boolean {
    const isBusy = (name: string): boolean =>
      this.model.isBusy(name) || this.#ghosts.some((ghost) => ghost.user === name)
    const [first, second] = USERS
    const mate = user === first ? second : user === second ? first : user
    return isBusy(user) || isBusy(mate)
  }

  get #file(): string {
    return join(this.dir, `store-${this.#files}.db`)
  }

  #open(): SqliteStore {
    return SqliteStore.open(this.#file, { synchronous: 'normal', recentEvents: RECENT_EVENTS })
  }
}

function toNewEvent({ id, user, time, names, value }: NewcomerStep & { value: number }, arrivedAt: number): NewEvent {
  const properties = JSON.stringify(Object.fromEntries(names.map((name) => [name, value])))
  return { messageId: id, ...whoIs(user), eventTime: START + time, arrivedAt, properties }
}
