import fc from 'fast-check'
import { destination, flattenProperties, parseEventTime, type Payload } from '../../src/destination/index.js'
import {
  defaultValues,
  Destination,
  type ActionDefinition,
  type SegmentEvent
} from '../../src/translate/actions-core.cjs'
import type { Settings } from '../../src/destination/index.js'
import { ARRIVED, identify, translator } from './translate-one.js'

/** The definition as it is, in actions-core as it is: what Segment's cloud would send. */
const { identifyUser } = destination.actions
if (identifyUser === undefined) throw new Error('there is no action identifyUser')
const asInCloud = new Destination<Settings>({
  name: 'as-in-cloud',
  mode: 'cloud',
  actions: { identifyUser: withoutRequired(identifyUser) }
})

function withoutRequired(action: ActionDefinition<Settings>): ActionDefinition<Settings> {
  const fields = Object.entries(action.fields).map(([key, field]) => [key, { ...field, required: false }] as const)
  return { ...action, fields: Object.fromEntries(fields), performBatch: () => undefined }
}

async function inCloud(event: object): Promise<unknown> {
  const [node] = await asInCloud.executeBatch('identifyUser', {
    events: [event as SegmentEvent],
    mapping: defaultValues(identifyUser?.fields ?? {}),
    settings: { apiKey: 'key' }
  })
  if (node === undefined || 'errormessage' in node) return { reason: node?.errormessage }
  const { identifier, properties, timestamp } = node.sent as unknown as Partial<Payload>
  const eventTime = parseEventTime(timestamp, ARRIVED)
  try {
    return { identifier, eventTime, properties: JSON.stringify(flattenProperties(properties ?? {}, 'flatten')) }
  } catch {
    return { reason: 'cannot be written as JSON (it contains a BigInt, or itself)' }
  }
}

async function here(event: object): Promise<unknown> {
  const [translation] = await translator.translate([event], ARRIVED)
  if (translation?.kind === 'rejected') return { reason: translation.reason }
  if (translation?.kind !== 'event') return translation
  const { identifier, eventTime, properties } = translation.event
  return { identifier, eventTime, properties }
}

const anyTraits = fc.object({
  maxDepth: 4,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withSparseArray: true,
  key: fc.oneof(fc.string(), fc.constantFrom('plan', '__proto__', '__dopt_identifier', 'toJSON', 'constructor', '7')),
  values: [fc.string(), fc.double(), fc.boolean(), fc.constant(null), fc.constant(undefined), fc.bigInt(), fc.date()]
})

describe('translation', () => {
  it("makes of any traits what Segment's pipeline makes of them", async () => {
    await fc.assert(
      fc.asyncProperty(anyTraits, async (traits) => {
        const event = identify({ traits })
        expect(await here(event)).toEqual(await inCloud(event))
      }),
      { numRuns: 500 }
    )
  })

  it("makes of any user id and timestamp what Segment's pipeline makes of them", async () => {
    const anyId = fc.oneof(
      fc.string().filter((id) => id.trim() !== ''),
      fc.integer(),
      // Larger ones are rejected here: there is no telling whose they are.
      fc.double({ min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
      fc.boolean(),
      fc.object(),
      fc.array(fc.string(), { minLength: 2 })
    )
    const anyTime = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString())
    )
    await fc.assert(
      fc.asyncProperty(anyId, anyTime, async (userId, timestamp) => {
        const event = identify({ userId, timestamp })
        expect(await here(event)).toEqual(await inCloud(event))
      }),
      { numRuns: 300 }
    )
  })

  it.each<[string, () => unknown]>([
    ['an instance whose class has a JSON form', () => new Money(7)],
    ['a list of them', () => [new Money(7)]],
    ['a function', () => ({ inner: () => 7 })],
    ['a list that is a class of its own', () => new (class Tags extends Array<string> {})('a', 'b')]
  ])('treats %s as the copy does that Segment makes of it', async (_what, make) => {
    const [translation] = await translator.translate([identify({ traits: { value: make() } })], ARRIVED)
    const [node] = await asInCloud.executeBatch('identifyUser', {
      events: [identify({ traits: { value: make() } }) as unknown as SegmentEvent],
      mapping: defaultValues(identifyUser?.fields ?? {}),
      settings: { apiKey: 'key' }
    })
    if (node === undefined || 'errormessage' in node) throw new Error('not mapped')
    const { properties } = node.sent as unknown as Payload
    const expected = JSON.stringify(flattenProperties(properties ?? {}, 'flatten'))
    expect(translation).toMatchObject({ event: { properties: expected } })
  })
})

class Money {
  constructor(readonly cents: number) {}
  toJSON(): string {
    return `${this.cents} cents`
  }
}
