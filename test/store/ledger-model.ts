/**
 * The ledger by its laws alone: every event in a list, and what Dopt holds in a map. The model test holds the store
 * against it. It is too slow and too forgetful to be used for anything else, and short enough to be read in one go.
 */
export interface ModelEvent {
  seq: number
  id: string
  user: string
  time: number
  arrived: number
  /** Every property of an event has this value, and no two events have the same: a value says where it came from. */
  value: number
  names: readonly string[]
  batch: number | undefined
  overtaken: boolean
  /** A call that carried it ended without a clear answer: Dopt may have it, whatever the ledger says of it. */
  mayBeHeld: boolean
  isForgotten: boolean
  /** What became of it when it left the ledger. */
  gone?: 'pruned' | 'removed'
}

type State = 'pending' | 'sending' | 'retrying' | 'delivered' | 'superseded' | 'failed' | 'removed'

export interface ModelBatch {
  state: 'sending' | 'retrying' | 'delivered' | 'failed'
  at: number // when it is due while it waits, when it was settled once it is
}

export type Entries = Map<string, Record<string, number>>

export class LedgerModel {
  readonly events: ModelEvent[] = []
  readonly batches = new Map<number, ModelBatch>()
  duplicates = 0
  /** What Dopt holds: user → property → the event that gave it its value. */
  readonly dopt = new Map<string, Map<string, ModelEvent>>()

  get live(): ModelEvent[] {
    return this.events.filter(({ gone }) => gone === undefined)
  }

  membersOf(batchId: number): ModelEvent[] {
    return this.live.filter(({ batch }) => batch === batchId)
  }

  stateOf({ batch, overtaken, gone }: ModelEvent): State {
    if (gone === 'removed') return 'removed'
    if (gone === 'pruned') return overtaken ? 'superseded' : 'delivered'
    if (batch === undefined) return 'pending'
    const state = this.batches.get(batch)?.state
    if (state === undefined) throw new Error(`there is no batch ${batch}`)
    return state === 'delivered' && overtaken ? 'superseded' : state
  }

  counts(): Record<State, number> {
    const counts = { pending: 0, sending: 0, retrying: 0, delivered: 0, superseded: 0, failed: 0, removed: 0 }
    for (const event of this.events) counts[this.stateOf(event)]++
    return counts
  }

  isOpen(batchId: number): boolean {
    return ['sending', 'retrying'].includes(this.batches.get(batchId)?.state ?? '')
  }

  isBusy(user: string): boolean {
    return this.live.some((event) => event.user === user && event.batch !== undefined && this.isOpen(event.batch))
  }

  /** Law 4: leaves out what a newer event gives the same name, if it has been delivered or goes out with these. */
  plan(members: readonly ModelEvent[]): Entries {
    const rivals = [...members, ...this.events.filter((event) => this.#isAtDopt(event))]
    const beaten = (event: ModelEvent, name: string): boolean =>
      rivals.some((other) => other.user === event.user && other.names.includes(name) && isNewer(other, event))
    const entries: Entries = new Map()
    for (const event of members) {
      const left = event.names.filter((name) => !beaten(event, name))
      event.overtaken = event.names.length > 0 && left.length === 0
      if (event.overtaken) continue
      const properties = entries.get(event.user) ?? {}
      for (const name of left) properties[name] = event.value
      entries.set(event.user, properties)
    }
    return entries
  }

  #isAtDopt(event: ModelEvent): boolean {
    return !event.isForgotten && (event.mayBeHeld || this.stateOf(event) === 'delivered')
  }

  /** Dopt takes these users in. A user never goes backwards. */
  apply(user: string, properties: Record<string, unknown>): void {
    const held = this.dopt.get(user) ?? new Map<string, ModelEvent>()
    this.dopt.set(user, held)
    for (const [name, value] of Object.entries(properties)) {
      const event = this.events.find((candidate) => candidate.value === value)
      if (event?.user !== user) throw new Error(`${user} was sent a value that is not theirs`)
      const before = held.get(name)
      if (before !== undefined && !before.isForgotten && isNewer(before, event)) {
        throw new Error(`${user}.${name} went backwards, from ${describe(before)} to ${describe(event)}`)
      }
      held.set(name, event)
    }
  }

  /** Whose value Dopt must hold when everything has been delivered: the newest event's that Dopt has, or may have. */
  newest(user: string, name: string): ModelEvent | undefined {
    return this.events
      .filter((event) => event.user === user && event.names.includes(name) && this.#isAtDopt(event))
      .reduce<ModelEvent | undefined>((a, b) => (a === undefined || isNewer(b, a) ? b : a), undefined)
  }
}

export function isNewer(a: ModelEvent, b: ModelEvent): boolean {
  return a.time > b.time || (a.time === b.time && a.seq > b.seq)
}

function describe({ id, time, seq }: ModelEvent): string {
  return `${id} (time ${time}, arrival ${seq})`
}
