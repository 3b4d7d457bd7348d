import fc from 'fast-check'
import type { OpenBatch } from '../../../src/store/store.js'
import { START } from '../new-events.js'
import { StoreRig, usersOf, type OpenStore } from '../store-rig.js'

const USERS = ['ann', 'ben', 'cat']
const NAMES = ['x', 'y', 'z']

/** One thing that happens to a store. Numbers choose among what there is at that moment. */
type Step =
  | { do: 'accept'; events: Array<{ user: string; at: number; names: string[] }> }
  | { do: 'form'; maxUsers: number }
  | { do: 'claim' }
  | { do: 'settle'; which: number; to: 'delivered' | 'failed' | 'split' | 'retrying'; tookEffect: boolean }
  | { do: 'replay'; user: string | undefined }
  | { do: 'crash'; tookEffect: boolean }

const user = fc.constantFrom(...USERS)
// Few times, so that many are equal.
const event = fc.record({ user, at: fc.integer({ min: 1, max: 6 }), names: fc.subarray(NAMES) })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('accept' as const),
      events: fc.array(event, { minLength: 1, maxLength: 4 })
    })
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('form' as const), maxUsers: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 3, arbitrary: fc.constant({ do: 'claim' as const }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      which: fc.nat(9),
      to: fc.constantFrom('delivered' as const, 'failed' as const, 'split' as const, 'retrying' as const),
      tookEffect: fc.boolean()
    })
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('replay' as const), user: fc.option(user, { nil: undefined }) })
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), tookEffect: fc.boolean() }) }
)

interface Accepted {
  user: string
  at: number
  names: string[]
}

/** Plays a history against a store and a Dopt that says when a user goes backwards. */
class Player {
  /** Every event's values are its own number, so that a value tells which event it is from. */
  readonly #accepted: Accepted[] = []
  readonly #dopt = new Map<string, Map<string, number>>()
  readonly #inFlight = new Map<number, OpenBatch>()
  /** Batches, and halves of batches, of which a call took effect without an answer. */
  readonly #reached = new Set<number>()

  constructor(private readonly rig: StoreRig) {}

  async play(steps: readonly Step[]): Promise<void> {
    for (const step of steps) await this.#take(step)
    await this.#finish()
  }

  async #take(step: Step): Promise<void> {
    switch (step.do) {
      case 'accept':
        return this.#accept(step.events)
      case 'form': {
        const formed = await this.rig.tryForm({ maxUsers: step.maxUsers })
        if (formed.kind === 'formed') this.#start(formed.batch, step.maxUsers)
        return
      }
      case 'claim': {
        const batch = await this.rig.claim()
        if (batch !== undefined) this.#start(batch, 3)
        return
      }
      case 'settle': {
        const batch = [...this.#inFlight.values()][step.which % Math.max(1, this.#inFlight.size)]
        if (batch !== undefined) await this.#settle(batch, step.to, step.tookEffect)
        return
      }
      case 'replay':
        await this.rig.replay(step.user === undefined ? {} : { identifier: step.user })
        return
      case 'crash':
        if (step.tookEffect) for (const batch of this.#inFlight.values()) this.#arriveUnanswered(batch)
        this.#inFlight.clear()
        await this.rig.reopen()
    }
  }

  async #accept(events: readonly Accepted[]): Promise<void> {
    const numbered = events.map(({ user, at, names }, index) => {
      const number = this.#accepted.length + index
      return { id: `m-${number}`, user, at, properties: Object.fromEntries(names.map((name) => [name, number])) }
    })
    this.#accepted.push(...events)
    await this.rig.accept(...numbered)
  }

  #start(batch: OpenBatch, maxUsers: number): void {
    expect(batch.entries.length).toBeGreaterThan(0)
    expect(batch.entries.length).toBeLessThanOrEqual(maxUsers)
    const busy = [...this.#inFlight.values()].flatMap(({ entries }) => entries.map(({ identifier }) => identifier))
    for (const identifier of Object.keys(usersOf(batch.entries))) expect(busy).not.toContain(identifier)
    this.#inFlight.set(batch.id, batch)
    if (batch.parentId !== undefined && this.#reached.has(batch.parentId)) this.#reached.add(batch.id)
  }

  async #settle(
    batch: OpenBatch,
    to: 'delivered' | 'failed' | 'split' | 'retrying',
    tookEffect: boolean
  ): Promise<void> {
    this.#inFlight.delete(batch.id)
    if (to === 'split' && batch.entries.length > 1) return void (await this.rig.split(batch))
    if (to === 'retrying') {
      if (tookEffect) this.#arriveUnanswered(batch)
      return this.rig.retry(batch, START)
    }
    // What failed for good though it had reached Dopt has a test of its own.
    if (to !== 'delivered' && !this.#reached.has(batch.id)) return this.rig.fail(batch)
    this.#arrive(batch)
    return this.rig.deliver(batch)
  }

  /** The answer is lost: whether the call took effect, the store cannot know. */
  #arriveUnanswered(batch: OpenBatch): void {
    this.#reached.add(batch.id)
    this.#arrive(batch)
  }

  /** The call reaches Dopt, which must not hold anything newer than what it is told. */
  #arrive(batch: OpenBatch): void {
    for (const [identifier, properties] of Object.entries(usersOf(batch.entries))) {
      const held = this.#dopt.get(identifier) ?? new Map<string, number>()
      this.#dopt.set(identifier, held)
      for (const [name, value] of Object.entries(properties)) {
        const before = held.get(name)
        if (before !== undefined) expect(this.#isOlder(Number(value), before)).toBe(false)
        held.set(name, Number(value))
      }
    }
  }

  #isOlder(one: number, other: number): boolean {
    const [a, b] = [this.#accepted[one], this.#accepted[other]]
    if (a === undefined || b === undefined) throw new Error('a value that nobody sent')
    return a.at < b.at || (a.at === b.at && one < other)
  }

  /** Delivers everything that is left: Dopt then holds the newest value of every property of every user. */
  async #finish(): Promise<void> {
    for (const batch of this.#inFlight.values()) await this.#settle(batch, 'delivered', true)
    await this.rig.replay()
    for (let more = true; more;) {
      const waiting = await this.rig.claim()
      if (waiting !== undefined) this.#start(waiting, 3)
      if (waiting !== undefined) await this.#settle(waiting, 'delivered', true)
      const formed = await this.rig.tryForm()
      if (formed.kind === 'formed') await this.#settle(formed.batch, 'delivered', true)
      more = waiting !== undefined || formed.kind !== 'nothing'
    }
    const { pending, sending, retrying, failed } = (await this.rig.store.books()).events
    expect({ pending, sending, retrying, failed }).toEqual({ pending: 0, sending: 0, retrying: 0, failed: 0 })
    const held = [...this.#dopt].map(([name, values]) => [name, Object.fromEntries(values)] as const)
    expect(Object.fromEntries(held)).toEqual(this.#newest())
    for (let number = 0; number < this.#accepted.length; number++) await this.#checkOvertaker(number)
  }

  #newest(): Record<string, Record<string, number>> {
    const users: Record<string, Record<string, number>> = {}
    this.#accepted.forEach(({ user, names }, number) => {
      const values = (users[user] ??= {})
      for (const name of names) {
        const before = values[name]
        if (before === undefined || this.#isOlder(before, number)) values[name] = number
      }
    })
    return users
  }

  /** What overtook an event is newer and has a name of it. */
  async #checkOvertaker(number: number): Promise<void> {
    const id = await this.rig.overtakerOf(`m-${number}`)
    if (id === undefined) return
    const overtaker = Number(id.slice(2))
    expect(this.#isOlder(number, overtaker)).toBe(true)
    const names = this.#accepted[number]?.names ?? []
    expect(this.#accepted[overtaker]?.names.some((name) => names.includes(name))).toBe(true)
  }
}

/** Laws 2, 4 and 5 on histories made up at random. */
export function describeHistories(openStore: OpenStore): void {
  it('keeps its laws whatever happens, in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40, size: 'max' }), (steps) =>
        openStore(async (open) => {
          const rig = new StoreRig(await open(), open)
          await rig.store.resume(START)
          await new Player(rig).play(steps)
        })
      ),
      { numRuns: 60, interruptAfterTimeLimit: 10_000 }
    )
  })
}
