import { createRequestClient, createTestIntegration, type SegmentEvent } from '@segment/actions-core'
import nock from 'nock'
import { sendGroupBatch } from '../../../src/destination/identify-group/send-group-batch.js'
import { destination } from '../../../src/destination/index.js'
import { group, SETTINGS } from '../helpers.js'

interface Call {
  path: string
  body: unknown
}

/** Stands for Dopt's batch generation: keeps the calls, in order, and answers each by `answer`. */
function fakeDopt(answer: (call: Call) => number | undefined = () => undefined): Call[] {
  const calls: Call[] = []
  nock('https://users.dopt.com')
    .persist()
    .post(/^\/identify/)
    .reply((path, body) => {
      const call = { path, body: body as unknown }
      calls.push(call)
      const status = answer(call) ?? 200
      return [status, status === 200 && Array.isArray(body) ? { count: body.length } : {}]
    })
  return calls
}

async function performBatch(events: SegmentEvent[], settings: object = { api: 'batch' }) {
  const integration = createTestIntegration(destination)
  await integration.testBatchAction('identifyGroup', {
    events,
    settings: { ...SETTINGS, ...settings },
    useDefaultMappings: true
  })
  return (integration.results[0]?.multistatus ?? []) as { status: number; errormessage?: string }[]
}

const statuses = (nodes: { status: number }[]) => nodes.map(({ status }) => status)
const names = (call: Call, identifier: string) => JSON.stringify(call.body).includes(`"${identifier}"`)
const nobody = { userId: null }

afterEach(() => nock.cleanAll())

afterAll(() => nock.restore())

describe('performBatch of groups', () => {
  test('sends each group once, the newest values of its events, and then its users in one call', async () => {
    const calls = fakeDopt()
    const nodes = await performBatch([
      group('acme', { plan: 'pro' }, { userId: 'ada', timestamp: '2024-01-02T00:00:00Z' }),
      group('acme', { plan: 'free', seats: 3 }, { userId: 'bob', timestamp: '2024-01-01T00:00:00Z' }),
      group('zeta', {}, nobody),
      group('zeta', {}, { userId: 'ada' })
    ])
    expect(statuses(nodes)).toEqual([200, 200, 200, 200])
    const inGroup = (identifier: string) => ({ identifier, properties: {} })
    expect(calls).toEqual([
      { path: '/identify/group', body: { identifier: 'acme', properties: { plan: 'pro', seats: 3 } } },
      { path: '/identify/group', body: { identifier: 'zeta', properties: {} } },
      {
        path: '/identify/batch',
        body: [
          { identifier: 'ada', properties: {}, groups: [inGroup('acme'), inGroup('zeta')] },
          { identifier: 'bob', properties: {}, groups: [inGroup('acme')] }
        ]
      }
    ])
  })

  test('answers at the right indices when a group, a user and an event are bad', async () => {
    const calls = fakeDopt((call) => (names(call, 'bad-group') || names(call, 'bad-user') ? 400 : undefined))
    const nodes = await performBatch([
      group(' ', {}, nobody),
      group('acme', {}, { userId: 'ada' }),
      group('bad-group', {}, { userId: 'bob' }),
      group('acme', {}, { userId: 'bad-user' }),
      group('acme', {}, nobody),
      { ...group('x'), groupId: null }
    ])
    expect(statuses(nodes)).toEqual([400, 200, 400, 400, 200, 400])
    expect(nodes[0]?.errormessage).toContain('no group identifier')
    expect(nodes[2]?.errormessage).toContain('Dopt refused the group')
    expect(nodes[3]?.errormessage).toContain('Dopt refused the user')
    expect(calls.filter(({ body }) => JSON.stringify(body).includes('bob'))).toEqual([])
  })

  test('lets Segment retry a group whose call failed, and no other', async () => {
    fakeDopt((call) => (names(call, 'slow') ? 503 : undefined))
    expect(statuses(await performBatch([group('slow', {}, nobody), group('acme', {}, nobody)]))).toEqual([503, 200])
  })

  test('ends the batch on a refused key', async () => {
    const calls = fakeDopt(() => 401)
    const nodes = await performBatch(Array.from({ length: 50 }, (_, index) => group(`g${index}`, {}, nobody)))
    expect(new Set(statuses(nodes))).toEqual(new Set([401]))
    expect(calls.length).toBeLessThanOrEqual(5)
  })

  test('refuses every event while the API setting is Bulk, in words that name the setting', async () => {
    const calls = fakeDopt()
    const nodes = await performBatch([group('acme'), group('zeta')], { api: 'bulk' })
    expect(statuses(nodes)).toEqual([400, 400])
    expect(nodes[0]?.errormessage).toContain('Set API to Batch')
    expect(calls).toEqual([])
  })

  test('leaves what it cannot get to in time to Segment', async () => {
    const calls = fakeDopt()
    const payload = Array.from({ length: 20 }, (_, index) => ({ identifier: `g${index}` }))
    const result = await sendGroupBatch(
      createRequestClient(),
      { payload, settings: { ...SETTINGS, api: 'batch' } },
      // The clock moves on with every call: there is time for seven, and for those that are under way by then.
      { now: () => calls.length * 1_000, timeLimitMs: 7_000 }
    )
    const told = result.getAllResponses().map((response) => response.value().status)
    expect(told.filter((status) => status === 200)).toHaveLength(calls.length)
    expect(told.filter((status) => status === 408)).toHaveLength(20 - calls.length)
    expect(calls.length).toBeGreaterThanOrEqual(7)
    expect(calls.length).toBeLessThan(7 + 5)
  })

  test('does not begin with the users when the time is over', async () => {
    const calls = fakeDopt()
    const result = await sendGroupBatch(
      createRequestClient(),
      { payload: [{ identifier: 'acme', user_identifier: 'ada' }], settings: { ...SETTINGS, api: 'batch' } },
      { now: () => calls.length * 1_000, timeLimitMs: 1_000 }
    )
    expect(result.getResponseAtIndex(0).value()).toMatchObject({ status: 408 })
    expect(calls.map(({ path }) => path)).toEqual(['/identify/group'])
  })
})
