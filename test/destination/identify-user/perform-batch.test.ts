import {
  createTestIntegration,
  defaultValues,
  Destination,
  type JSONObject,
  type SegmentEvent
} from '@segment/actions-core'
import nock from 'nock'
import { destination } from '../../../src/destination/index.js'
import { closedAddress, identifiersOf, identify, malformed, SETTINGS } from '../helpers.js'

interface Node {
  status: number
  errormessage?: string
  errortype?: string
  errorreporter?: string
}

/** What Segment is told of each event. */
async function performBatch(events: SegmentEvent[], settings: object = {}): Promise<Node[]> {
  const integration = createTestIntegration(destination)
  await integration.testBatchAction('identifyUser', {
    events,
    settings: { ...SETTINGS, ...settings },
    useDefaultMappings: true
  })
  return integration.results[0]?.multistatus ?? []
}

const statuses = (nodes: Node[]) => nodes.map(({ status }) => status)
const repeat = <T>(count: number, value: T) => Array.from({ length: count }, () => value)
const users = (count: number) => Array.from({ length: count }, (_, index) => identify(`user-${index}`, { index }))

type Reply = [status: number, body?: string | object]

/** Stands for Dopt: answers each bulk call, in order, by `answer`, and keeps the identifiers of each call. */
function fakeDopt(answer: (identifiers: unknown[], call: number) => Reply): unknown[][] {
  const calls: unknown[][] = []
  nock('https://users.dopt.com')
    .persist()
    .post('/identify/bulk')
    .reply((_uri, body) => {
      const identifiers = identifiersOf(body)
      calls.push(identifiers)
      return answer(identifiers, calls.length - 1)
    })
  return calls
}

const accept = (identifiers: unknown[]): Reply => [200, { count: identifiers.length }]

/** Refuses any call that names one of `bad`, without saying whom. */
const refusing =
  (...bad: string[]) =>
  (identifiers: unknown[]): Reply =>
    identifiers.some((identifier) => bad.includes(String(identifier)))
      ? [400, { code: 'invalid_request_error', details: 'a property is invalid' }]
      : accept(identifiers)

afterEach(() => nock.cleanAll())

afterAll(() => nock.restore())

describe('performBatch', () => {
  test('sends every user in one call, and answers for each event', async () => {
    const calls = fakeDopt(accept)
    expect(statuses(await performBatch(users(100)))).toEqual(repeat(100, 200))
    expect(calls.map((call) => call.length)).toEqual([100])
  })

  test('sends the batch generation its own form', async () => {
    nock('https://users.dopt.com', { reqheaders: { 'x-api-key': SETTINGS.apiKey } })
      .post('/identify/batch', [{ identifier: 'ada', properties: { plan: null } }])
      .reply(200, { count: 1 })
    expect(statuses(await performBatch([identify('ada', { plan: null })], { api: 'batch' }))).toEqual([200])
  })

  test('cuts more than 100 users into calls of at most 100', async () => {
    const calls = fakeDopt(accept)
    expect(statuses(await performBatch(users(250)))).toEqual(repeat(250, 200))
    expect(calls.map((call) => call.length)).toEqual([100, 100, 50])
  })

  test('names no user twice in a call: the newest value of each property wins', async () => {
    nock('https://users.dopt.com')
      .post('/identify/bulk', [
        { __dopt_identifier: 'ada', plan: 'pro', seats: 3, city: null },
        { __dopt_identifier: 'bob', plan: 'free' }
      ])
      .reply(200, { count: 2 })
    const nodes = await performBatch([
      identify('ada', { plan: 'pro', city: null }, { timestamp: '2024-01-02T00:00:00Z' }),
      identify('bob', { plan: 'free' }),
      identify('ada', { plan: 'free', seats: 3, city: 'Rome' }, { timestamp: '2024-01-01T00:00:00Z' })
    ])
    expect(statuses(nodes)).toEqual([200, 200, 200])
  })

  test('goes by the order in the batch where events of a user happened at once, or have no valid time', async () => {
    nock('https://users.dopt.com')
      .post('/identify/bulk', [{ __dopt_identifier: 'ada', plan: 'last' }])
      .reply(200, { count: 1 })
    const at = { timestamp: 'yesterday' }
    const nodes = await performBatch([identify('ada', { plan: 'first' }, at), identify('ada', { plan: 'last' }, at)])
    expect(statuses(nodes)).toEqual([200, 200])
  })

  test('gives every event of a user the result of the user, superseded ones too', async () => {
    fakeDopt(refusing('ada'))
    const nodes = await performBatch([identify('ada', { plan: 'a' }), identify('bob'), identify('ada', { plan: 'b' })])
    expect(statuses(nodes)).toEqual([400, 200, 400])
  })

  test('refuses events without an identifier one by one', async () => {
    const calls = fakeDopt(accept)
    const nodes = await performBatch([
      identify(''),
      identify('ada'),
      identify(' '),
      { ...identify('x'), userId: null },
      identify('bob')
    ])
    expect(statuses(nodes)).toEqual([400, 200, 400, 400, 200])
    expect(nodes[0]?.errormessage).toContain('The event has no identifier')
    expect(calls).toEqual([['ada', 'bob']])
  })

  test('keeps the indices of events when others fail validation', async () => {
    fakeDopt(refusing('bad'))
    const invalid = { ...identify('x'), ...malformed({ traits: 'none' }) }
    const nodes = await performBatch([invalid, identify('ada'), invalid, identify('bad'), identify('bob')])
    expect(statuses(nodes)).toEqual([400, 200, 400, 400, 200])
    expect(nodes[3]?.errormessage).toContain('Dopt refused the user')
  })

  test('makes no call for nobody', async () => {
    const calls = fakeDopt(accept)
    await performBatch([identify('')])
    expect(calls).toEqual([])
  })

  test('is not harmed by traits with reserved names', async () => {
    const traits = JSON.parse('{"__dopt_identifier":"mallory","__proto__":{"plan":"x"},"constructor":"c"}') as object
    nock('https://users.dopt.com')
      .post('/identify/bulk', [{ __dopt_identifier: 'ada', constructor: 'c' }])
      .reply(200, { count: 1 })
    expect(statuses(await performBatch([identify('ada', traits)]))).toEqual([200])
  })
})

describe('performBatch, when content is refused', () => {
  test.each([400, 413, 422])('isolates the one offender behind a %i in at most 15 calls', async (status) => {
    const calls = fakeDopt((identifiers) =>
      identifiers.includes('user-37') ? [status, { code: 'c', details: 'd' }] : accept(identifiers)
    )
    const nodes = await performBatch(users(100))
    expect(statuses(nodes)).toEqual(repeat(100, 200).map((ok, index) => (index === 37 ? status : ok)))
    expect(nodes[37]).toMatchObject({ errorreporter: 'DESTINATION' })
    expect(nodes[37]?.errormessage).toContain(`Dopt refused the user (HTTP ${status}, c: d)`)
    expect(calls.length).toBeLessThanOrEqual(15)
  })

  test('isolates two offenders', async () => {
    const calls = fakeDopt(refusing('user-0', 'user-99'))
    const nodes = await performBatch(users(100))
    expect(nodes.flatMap(({ status }, index) => (status === 400 ? [index] : []))).toEqual([0, 99])
    expect(calls.length).toBeLessThanOrEqual(27)
  })

  test('refuses everybody when everybody is bad', async () => {
    const calls = fakeDopt(() => [400, {}])
    expect(statuses(await performBatch(users(8)))).toEqual(repeat(8, 400))
    expect(calls).toHaveLength(15)
  })

  test('takes a count below the number sent for a refusal of some', async () => {
    fakeDopt((identifiers) => [200, { count: identifiers.filter((it) => it !== 'user-2').length }])
    const nodes = await performBatch(users(5))
    expect(statuses(nodes)).toEqual([200, 200, 400, 200, 200])
    expect(nodes[2]?.errormessage).toContain('0 of 1 users accepted')
  })

  test('splits no call of one user', async () => {
    const calls = fakeDopt(refusing('ada'))
    expect(statuses(await performBatch([identify('ada')]))).toEqual([400])
    expect(calls).toHaveLength(1)
  })

  test("repeats Dopt's words without the values of any user in the call", async () => {
    fakeDopt(() => [503, { code: 'busy', details: 'ada@example.com, 1815 and users-api-key' }])
    const [first, second] = await performBatch([
      identify('ada', { email: 'ada@example.com' }),
      identify('bob', { born: 1815 })
    ])
    expect(first?.errormessage).toContain('HTTP 503, busy: [value], [value] and [value]')
    expect(second?.errormessage).toBe(first?.errormessage)
    expect(JSON.stringify([first, second])).not.toMatch(/example\.com|1815|users-api-key/)
  })
})

describe('performBatch, when a call fails', () => {
  test.each<[number, number]>([
    [408, 408],
    [409, 500],
    [423, 423],
    [425, 500],
    [429, 429],
    [500, 500],
    [502, 502],
    [503, 503],
    [504, 504],
    [520, 520]
  ])('answers a %i with %i, which Segment retries, and sends the other calls', async (status, told) => {
    const calls = fakeDopt((identifiers, call) => (call === 0 ? [status, 'no'] : accept(identifiers)))
    expect(statuses(await performBatch(users(150)))).toEqual([...repeat(100, told), ...repeat(50, 200)])
    expect(calls).toHaveLength(2)
  })

  test.each([402, 418, 501])('answers a %i for good', async (status) => {
    fakeDopt(() => [status, '{}'])
    const [node] = await performBatch([identify('ada')])
    expect(node).toMatchObject({ status })
    expect(node?.errormessage).toContain('retrying would not help')
  })

  test.each([401, 403])('ends the batch on a %i, which everybody not yet decided gets', async (status) => {
    const calls = fakeDopt((identifiers, call) =>
      call === 1 ? [status, { code: 'unauthorized_error' }] : accept(identifiers)
    )
    const nodes = await performBatch(users(350))
    expect(statuses(nodes)).toEqual([...repeat(100, 200), ...repeat(250, status)])
    expect(nodes[349]?.errormessage).toContain('Check the API Key setting')
    expect(calls).toHaveLength(2)
  })

  test('ends the batch on a refused key in the middle of splitting', async () => {
    const calls = fakeDopt(
      (identifiers, call) => [[400, {}] as Reply, accept(identifiers), [401, {}] as Reply][call] ?? [500, {}]
    )
    expect(statuses(await performBatch(users(8)))).toEqual([...repeat(4, 200), ...repeat(4, 401)])
    expect(calls).toHaveLength(3)
  })

  test.each<[number, number]>([
    [302, 404],
    [404, 404],
    [405, 405],
    [410, 410]
  ])('ends the batch on a %i, which blames nobody and is not retried', async (status, told) => {
    const calls = fakeDopt(() => [status, ''])
    const nodes = await performBatch(users(150))
    expect(statuses(nodes)).toEqual(repeat(150, told))
    expect(nodes[149]?.errormessage).toContain('Check the Endpoint')
    expect(calls).toHaveLength(1)
  })

  test.each<[string, Reply]>([
    ['no body', [200, '']],
    ['another body', [200, '<html></html>']],
    ['no count', [200, {}]],
    ['a count that is no number', [200, { count: '2' }]],
    ['a count above the number sent', [200, { count: 3 }]],
    ['a 204', [204]]
  ])('takes a success with %s for unknown, and lets Segment retry', async (_what, reply) => {
    const calls = fakeDopt(() => reply)
    expect(statuses(await performBatch(users(2)))).toEqual([502, 502])
    expect(calls).toHaveLength(1)
  })

  test('lets Segment retry after a network failure', async () => {
    const [node] = await performBatch([identify('ada')], { endpoint: await closedAddress() })
    expect(node).toMatchObject({ status: 503, errortype: 'SERVICE_UNAVAILABLE' })
    expect(node?.errormessage).toContain('(ECONNREFUSED)')
  })

  test('refuses a batch under a bad endpoint without a call', async () => {
    await expect(performBatch(users(2), { endpoint: 'dopt' })).rejects.toMatchObject({
      code: 'INVALID_ENDPOINT',
      status: 400
    })
  })

  test('makes no call once Segment has aborted', async () => {
    const calls = fakeDopt(accept)
    const mapping = defaultValues(destination.actions.identifyUser?.fields ?? {}) as JSONObject
    const signal = AbortSignal.abort()
    const nodes = await new Destination(destination).executeBatch('identifyUser', {
      events: users(2),
      mapping,
      settings: SETTINGS,
      signal
    })
    expect(statuses(nodes)).toEqual([408, 408])
    expect(calls).toHaveLength(0)
  })
})
