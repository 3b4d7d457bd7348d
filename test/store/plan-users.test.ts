import fc from 'fast-check'
import { planUser, type DeliveredNames, type PlannedEvent } from '../../src/store/plan-users.js'

interface Happening {
  at: number
  names: string[]
  isDelivered: boolean
}

const NAMES = ['a', 'b', 'c', 'constructor', '7']

/** One user's history, in the order of arrival. Times are few, so that many are equal. */
const history: fc.Arbitrary<Happening[]> = fc.array(
  fc.record({ at: fc.integer({ min: 1, max: 5 }), names: fc.subarray(NAMES), isDelivered: fc.boolean() }),
  { minLength: 1, maxLength: 12 }
)

/** Every value tells which event it is from. */
function eventOf({ at, names }: Happening, seq: number): PlannedEvent {
  const properties = JSON.stringify(Object.fromEntries(names.map((name) => [name, seq])))
  return { seq, identifier: 'u', eventTime: at, properties }
}

function deliveredOf({ at, names }: Happening, seq: number): DeliveredNames {
  return { seq, eventTime: at, names }
}

function split(happenings: readonly Happening[]): { events: PlannedEvent[]; delivered: DeliveredNames[] } {
  const numbered = happenings.map((happening, index) => ({ happening, seq: index + 1 }))
  return {
    events: numbered.flatMap(({ happening, seq }) => (happening.isDelivered ? [] : [eventOf(happening, seq)])),
    delivered: numbered.flatMap(({ happening, seq }) => (happening.isDelivered ? [deliveredOf(happening, seq)] : []))
  }
}

/** The seqs of a history, oldest event first: law 4's order, by event time and then by arrival. */
function inOrder(happenings: readonly Happening[]): number[] {
  const seqs = happenings.map((_happening, index) => index + 1)
  return seqs.sort((a, b) => (happenings[a - 1]?.at ?? 0) - (happenings[b - 1]?.at ?? 0) || a - b)
}

/** For each name the seq of the newest event that has it. */
function holders(happenings: readonly Happening[]): Map<string, number> {
  const newest = new Map<string, number>()
  for (const seq of inOrder(happenings)) for (const name of happenings[seq - 1]?.names ?? []) newest.set(name, seq)
  return newest
}

describe('planUser', () => {
  it('looks once at what was delivered, however many events there are', () => {
    let looks = 0
    const names = new Proxy(['a', 'b'], {
      get: (target, key, receiver) => {
        if (key === Symbol.iterator) looks++
        return Reflect.get(target, key, receiver) as unknown
      }
    })
    const delivered = Array.from({ length: 20 }, (_, index) => ({ seq: 100 + index, eventTime: 9, names }))
    const events = Array.from({ length: 50 }, (_, index) =>
      eventOf({ at: 1, names: ['a', 'c'], isDelivered: false }, index)
    )
    expect(planUser(events, delivered).entry).toMatchObject({ properties: '{"c":49}' })
    expect(looks).toBeGreaterThan(0)
    expect(looks).toBeLessThanOrEqual(2 * delivered.length)
  })

  it('sends, of each property, the newest value, and only where no newer event has delivered one', () => {
    fc.assert(
      fc.property(history, (happenings) => {
        const { events, delivered } = split(happenings)
        const { entry } = planUser(events, delivered)
        const own = [...holders(happenings)].filter(([, seq]) => happenings[seq - 1]?.isDelivered === false)
        const bare = happenings.some(({ isDelivered, names }) => !isDelivered && names.length === 0)
        if (own.length === 0 && !bare) return expect(entry).toBeUndefined()
        expect(entry?.identifier).toBe('u')
        expect(JSON.parse(entry?.properties ?? '')).toEqual(Object.fromEntries(own))
      }),
      { numRuns: 500 }
    )
  })

  it('supersedes exactly the events that had properties and of which nothing is sent', () => {
    fc.assert(
      fc.property(history, (happenings) => {
        const { events, delivered } = split(happenings)
        const newest = holders(happenings)
        const expected = events.map(({ seq }) => {
          const names = happenings[seq - 1]?.names ?? []
          return names.length > 0 && names.every((name) => newest.get(name) !== seq)
        })
        expect(planUser(events, delivered).supersededBy.map((by) => by !== undefined)).toEqual(expected)
      }),
      { numRuns: 500 }
    )
  })

  it('names as the overtaker a newer event that gave one of the overtaken names its value', () => {
    fc.assert(
      fc.property(history, (happenings) => {
        const { events, delivered } = split(happenings)
        const order = inOrder(happenings)
        planUser(events, delivered).supersededBy.forEach((by, index) => {
          const event = events[index]
          if (by === undefined || event === undefined) return
          const names = happenings[event.seq - 1]?.names ?? []
          expect(order.indexOf(by)).toBeGreaterThan(order.indexOf(event.seq))
          expect(happenings[by - 1]?.names.some((name) => names.includes(name))).toBe(true)
        })
      }),
      { numRuns: 500 }
    )
  })

  it('comes to the same whatever the order in which it is told', () => {
    fc.assert(
      fc.property(history, fc.func(fc.integer()), (happenings, rank) => {
        const { events, delivered } = split(happenings)
        const byRank = <T>(items: readonly T[]): T[] => [...items].sort((a, b) => rank(a) - rank(b))
        const shuffled = byRank(events)
        const plan = planUser(events, delivered)
        const other = planUser(shuffled, byRank(delivered))
        expect(JSON.parse(other.entry?.properties ?? 'null')).toEqual(JSON.parse(plan.entry?.properties ?? 'null'))
        const overtakers = (
          of: readonly PlannedEvent[],
          by: Array<number | undefined>
        ): Map<number, number | undefined> => new Map(of.map(({ seq }, index) => [seq, by[index]]))
        expect(overtakers(shuffled, other.supersededBy)).toEqual(overtakers(events, plan.supersededBy))
      }),
      { numRuns: 300 }
    )
  })

  it('sends the text of a lone event as it is', () => {
    const event = { seq: 1, identifier: 'u', eventTime: 5, properties: '{"b": 1.50, "a": null}' }
    expect(planUser([event], [])).toEqual({
      entry: { identifier: 'u', properties: event.properties },
      supersededBy: [undefined]
    })
  })
})
