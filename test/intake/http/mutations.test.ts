import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { identify, withIntake } from './with-intake.js'

/** `npm run test:mutations` makes 100,000 of each kind, which takes minutes. */
const RUNS = Number(process.env.DOPT_MUTATIONS ?? 3000)

const ID_LIKE = [
  '../../etc/passwd',
  'a\r\nx-injected: 1',
  '%2e%2e/bulk',
  '\u0000',
  '__proto__',
  'bulk',
  '\ud800',
  '💥'.repeat(50)
]
const ODD_VALUES: readonly unknown[] = [
  ...[null, true, false, 0, -0, -1, 1e21, 1e308, 0.1, '', ' ', [], {}, [[]], [null], 'text', ...ID_LIKE],
  { __proto__: null, constructor: { prototype: {} }, toString: 1, length: -1 }
]
const ODD_TEXTS = [
  '1e999',
  '-1e999',
  '9'.repeat(400),
  '"\\ud800"',
  '{"__proto__":{"a":1}}',
  '[[[[[[[[[[]]]]]]]]]]',
  '',
  '{',
  '"'
]
const NAMES = [
  'type',
  'userId',
  'traits',
  'messageId',
  'timestamp',
  'originalTimestamp',
  'sentAt',
  'context',
  'integrations'
]
const PATHS = [
  '/v1/identify',
  '/i',
  '/v1/track',
  '/v1/batch',
  '/b',
  '/v1/import',
  '/webhook',
  '/m',
  '/v1/identify?x=%ff',
  '/v1//batch'
]

const event = fc
  .tuple(fc.array(fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...ODD_VALUES)), { maxLength: 3 }), fc.boolean())
  .map(([odd, isRenamed]) => {
    const members = { ...identify(), ...Object.fromEntries(odd) }
    return isRenamed ? { ...members, messageId: undefined } : members
  })

const envelope = fc.record(
  {
    writeKey: fc.constantFrom(...ODD_VALUES),
    sentAt: fc.constantFrom('2026-10-02T00:00:00Z', ...ODD_VALUES),
    context: fc.constantFrom(...ODD_VALUES),
    integrations: fc.constantFrom(...ODD_VALUES)
  },
  { requiredKeys: [] }
)

const body = fc.oneof(
  event,
  fc
    .tuple(
      envelope,
      fc.array(fc.oneof({ weight: 4, arbitrary: event }, fc.constantFrom(...ODD_VALUES)), { maxLength: 6 })
    )
    .map(([members, batch]) => ({ ...members, batch })),
  fc.array(event, { maxLength: 6 }),
  fc.constantFrom(...ODD_VALUES)
)

/** What is done to the bytes of a body that was right. */
type Mutation = (bytes: Buffer) => Buffer

const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, fc.integer({ min: 0, max: 255 })).map(([at, byte]): Mutation => (bytes) => {
    const copy = Buffer.from(bytes)
    copy[Math.floor(at * bytes.length)] = byte
    return copy
  }),
  fc.tuple(place, place).map(([from, to]): Mutation => (bytes) => {
    const [start, end] = [from, to].map((at) => Math.floor(at * bytes.length)).sort((a, b) => a - b)
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)])
  }),
  fc.tuple(place, fc.constantFrom(...ODD_TEXTS)).map(([at, text]): Mutation => (bytes) => {
    const start = Math.floor(at * bytes.length)
    return Buffer.concat([bytes.subarray(0, start), Buffer.from(text), bytes.subarray(start)])
  }),
  fc.tuple(place, fc.integer({ min: 1, max: 40_000 })).map(([at, levels]): Mutation => (bytes) => {
    const colon = bytes.indexOf(':', Math.floor(at * bytes.length)) + 1
    const deep = `${'['.repeat(levels)}1${']'.repeat(levels)}`
    return Buffer.concat([bytes.subarray(0, colon), Buffer.from(`${deep},"z":`), bytes.subarray(colon)])
  }),
  fc.constant<Mutation>((bytes) => gzipSync(bytes)),
  fc.constant<Mutation>((bytes) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes])),
  fc.constant<Mutation>((bytes) => Buffer.from(bytes.toString('utf8'), 'utf16le'))
)

const headers = fc.record(
  {
    'content-type': fc.constantFrom(
      'application/json',
      'text/plain',
      'multipart/form-data',
      ';;',
      'a/b/c',
      'application/json; charset=x'
    ),
    'content-encoding': fc.constantFrom('gzip', 'deflate', 'identity', 'br', 'gzip, gzip', '', 'GZIP'),
    authorization: fc.oneof(
      { weight: 5, arbitrary: fc.constant('Bearer key') },
      fc.constantFrom('Basic a2V5Og==', 'Basic', 'Bearer', 'Basic %%%', 'Bearer wrong', 'Negotiate x')
    ),
    'x-signature': fc.constantFrom('', '00', 'zz', 'a'.repeat(40), 'a'.repeat(4000)),
    'x-request-id': fc.constantFrom('', 'a', 'a b', '../..', 'x'.repeat(500)),
    'transfer-encoding': fc.constantFrom('chunked', 'identity')
  },
  { requiredKeys: ['authorization'] }
)

const request = fc.record({
  path: fc.constantFrom(...PATHS),
  method: fc.constantFrom('POST' as const, 'PUT' as const),
  headers,
  body,
  mutations: fc.array(mutation, { maxLength: 3 })
})

const EXPECTED = new Set([200, 400, 401, 404, 415])

describe(`${RUNS} requests that are not quite right`, () => {
  it.each([
    ['open to all', {}],
    ['with keys', { writeKeys: ['key'], sharedSecret: 'secret', allowFirstEventSignature: true }]
  ])(
    'crash nothing, are no fault of the server, and leave the books balanced: %s',
    async (_how, setup) => {
      await withIntake(setup, async ({ post, books, forwarder }) => {
        const counts = new Map<number, number>()
        const before = process.memoryUsage().rss
        await fc.assert(
          fc.asyncProperty(request, async ({ path, method, headers, body, mutations }) => {
            let bytes: Buffer = Buffer.from(JSON.stringify(body))
            for (const mutate of mutations) bytes = mutate(bytes)
            const { status, body: answer } = await post(path, bytes, { method, headers })

            counts.set(status, (counts.get(status) ?? 0) + 1)
            expect(EXPECTED).toContain(status)
            expect(answer).toEqual(
              status === 200
                ? expect.objectContaining({ success: true })
                : { code: expect.any(String) as string, message: expect.any(String) as string }
            )
          }),
          { numRuns: RUNS }
        )
        const { intake, events } = await books()
        const ignored = Object.values(intake.ignored).reduce((sum, count) => sum + count, 0)
        expect(intake.received).toBe(intake.accepted + intake.duplicates + intake.rejected + ignored)
        expect(events.pending).toBe(intake.accepted)
        // Some of each, or this shows nothing.
        for (const status of [200, 400, 404]) expect(counts.get(status) ?? 0).toBeGreaterThan(RUNS / 100)
        expect(intake.rejected).toBeGreaterThan(RUNS / 1000)
        expect((await forwarder.store.rejections(0, 1)).length).toBe(1)
        expect(process.memoryUsage().rss - before).toBeLessThan(400_000_000)
      })
    },
    60_000 + RUNS * 10
  )
})
