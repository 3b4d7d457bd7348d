import {
  APIError,
  createTestIntegration,
  IntegrationError,
  InvalidAuthenticationError,
  PayloadValidationError,
  RetryableError,
  type SegmentEvent
} from '@segment/actions-core'
import nock from 'nock'
import { destination } from '../../../src/destination/index.js'
import { acceptAll, closedAddress, identify, malformed, SETTINGS, withServer } from '../helpers.js'

function perform(event: SegmentEvent, settings: object = {}, mapping = {}) {
  return createTestIntegration(destination).testAction('identifyUser', {
    event,
    mapping,
    settings: { ...SETTINGS, ...settings },
    useDefaultMappings: true
  })
}

const ADA = identify('ada', { plan: 'pro', secret: 'hunter2-hunter2' })

async function errorOf(
  event: SegmentEvent,
  settings: object = {}
): Promise<Error & { status?: number; code?: string }> {
  const error: unknown = await perform(event, settings).catch((thrown: unknown) => thrown)
  if (error instanceof Error) return error
  throw new Error('nothing was thrown')
}

afterEach(() => {
  expect(nock.isDone()).toBe(true)
  nock.cleanAll()
})

afterAll(() => nock.restore())

describe('perform', () => {
  test('sends the flat properties of one user to the bulk generation', async () => {
    const dopt = nock('https://users.dopt.com', { reqheaders: { 'x-api-key': SETTINGS.apiKey } })
    dopt
      .post('/identify/ada', { plan: 'pro', age: null, address_city: 'Rome', tags: '["a"]' })
      .matchHeader('content-type', 'application/json')
      .reply(204)
    await perform(identify('ada', { plan: 'pro', age: null, address: { city: 'Rome' }, tags: ['a'] }))
  })

  test('sends one user to the batch generation', async () => {
    nock('https://users.dopt.com')
      .post('/identify', { identifier: 'ada', properties: { plan: 'pro' } })
      .reply(200)
    await perform(identify('ada', { plan: 'pro' }), { api: 'batch' })
  })

  test.each<[string, unknown]>([
    ['without traits', {}],
    ['whose traits are null', null]
  ])('creates a user %s', async (_what, traits) => {
    nock('https://users.dopt.com').post('/identify/ada', {}).reply(200)
    await perform({ ...identify('ada'), ...malformed({ traits }) })
  })

  test('follows the choice for nested properties', async () => {
    nock('https://users.dopt.com').post('/identify/ada', { address: '{"city":"Rome"}' }).reply(200)
    await perform(identify('ada', { address: { city: 'Rome' } }), {}, { nested_properties: 'stringify' })
  })

  test('lets no trait overwrite the identity', async () => {
    nock('https://users.dopt.com')
      .post('/identify/bulk', [{ __dopt_identifier: 'group', plan: 'pro' }])
      .reply(200, { count: 1 })
    await perform(identify('group', { __dopt_identifier: 'mallory', plan: 'pro' }))
  })

  test.each<unknown>(['yesterday', '', 17, true, null, undefined])(
    'sends an event whose timestamp is %j',
    async (timestamp) => {
      nock('https://users.dopt.com').post('/identify/ada', { plan: 'pro' }).reply(200)
      await perform({ ...identify('ada', { plan: 'pro' }), ...malformed({ timestamp }) })
    }
  )

  test.each<unknown>(['', undefined, null])('refuses an event whose userId is %j', async (userId) => {
    const error = await errorOf({ ...identify('ada'), ...malformed({ userId }) })
    expect(error.message).toContain("'identifier'")
  })

  test('refuses an identifier of white space', async () => {
    expect(await errorOf(identify(' '))).toBeInstanceOf(PayloadValidationError)
  })

  test.each<[number, string, new (...args: never[]) => Error, number]>([
    [400, 'Check which traits', PayloadValidationError, 400],
    [413, 'Check which traits', PayloadValidationError, 400],
    [422, 'Check which traits', PayloadValidationError, 400],
    [401, 'Check the API Key setting', InvalidAuthenticationError, 401],
    [403, 'Check the API Key setting', InvalidAuthenticationError, 401],
    [408, 'Segment retries automatically', RetryableError, 408],
    [409, 'Segment retries automatically', RetryableError, 500],
    [423, 'Segment retries automatically', RetryableError, 423],
    [425, 'Segment retries automatically', RetryableError, 500],
    [429, 'Segment retries automatically', RetryableError, 429],
    [500, 'Segment retries automatically', RetryableError, 500],
    [503, 'Segment retries automatically', RetryableError, 503],
    [520, 'Segment retries automatically', RetryableError, 500],
    [302, 'Check the Endpoint', IntegrationError, 404],
    [404, 'Check the Endpoint', IntegrationError, 404],
    [405, 'Check the Endpoint', IntegrationError, 405],
    [410, 'Check the Endpoint', IntegrationError, 410],
    [402, 'retrying would not help', APIError, 402],
    [501, 'retrying would not help', APIError, 501]
  ])("says of %i: %s, in Dopt's own words, without values", async (status, advice, type, reported) => {
    nock('https://users.dopt.com')
      .post('/identify/ada')
      .reply(status, { code: 'some_error', details: 'hunter2-hunter2 is no plan' })
    const error = await errorOf(ADA)
    expect(error).toBeInstanceOf(type)
    expect(error.status).toBe(reported)
    expect(error.message).toContain(advice)
    expect(error.message).toContain(`HTTP ${status}, some_error: [value] is no plan`)
  })

  test('reports a page of a proxy by its status alone', async () => {
    nock('https://users.dopt.com')
      .post('/identify/ada')
      .reply(502, '<html>Bad Gateway</html>', { 'content-type': 'text/html' })
    expect((await errorOf(ADA)).message).toContain('(HTTP 502).')
  })

  test('retries a network failure, and does not tell the address', async () => {
    const error = await errorOf(ADA, { endpoint: await closedAddress() })
    expect(error).toBeInstanceOf(RetryableError)
    expect(error.status).toBe(503)
    expect(error.message).toContain('(ECONNREFUSED)')
    expect(error.message).not.toMatch(/ada|127/)
  })

  test('never sends the key along a redirect', async () => {
    await withServer(acceptAll, async (elsewhere, requestsElsewhere) => {
      await withServer(
        (response) => response.writeHead(308, { location: elsewhere }).end(),
        async (endpoint) => {
          expect(await errorOf(ADA, { endpoint })).toMatchObject({ code: 'NOT_FOUND', status: 404 })
          expect(requestsElsewhere).toHaveLength(0)
        }
      )
    })
  })

  test.each(['a/b?c#d%', '%2e%2e', 'ü 😀', 'x'.repeat(500), "it's (a) *star*!"])(
    'reaches %j by its own path',
    async (identifier) => {
      await withServer(acceptAll, async (endpoint, requests) => {
        await perform(identify(identifier), { endpoint: `${endpoint}/` })
        expect(requests).toHaveLength(1)
        expect(requests[0]?.path).toMatch(/^\/identify\/[^/?#]+$/)
        expect(decodeURIComponent(requests[0]?.path ?? '')).toBe(`/identify/${identifier}`)
      })
    }
  )

  test.each(['.', '..', 'bulk', 'Batch', 'segment', 'GROUP', '\ud83d', '😀'.repeat(500)])(
    'reaches %j, which has no path of its own',
    async (identifier) => {
      await withServer(acceptAll, async (endpoint, requests) => {
        await perform(identify(identifier, { plan: 'pro' }), { endpoint })
        expect(requests).toMatchObject([
          { path: '/identify/bulk', body: [{ __dopt_identifier: identifier, plan: 'pro' }] }
        ])
      })
    }
  )

  test.each<[unknown, typeof RetryableError | typeof PayloadValidationError]>([
    [undefined, RetryableError],
    [{}, RetryableError],
    [{ count: 2 }, RetryableError],
    [{ count: 0 }, PayloadValidationError]
  ])('does not take the answer %j for success where a count is due', async (body, type) => {
    nock('https://users.dopt.com').post('/identify/bulk').reply(200, JSON.stringify(body))
    expect(await errorOf(identify('bulk'))).toBeInstanceOf(type)
  })

  test.each<[object, string]>([
    [{ endpoint: 'dopt' }, 'The Endpoint setting must be'],
    [{ apiKey: 'a\nb' }, 'The API Key setting']
  ])('refuses the settings %j without a request', async (settings, message) => {
    expect((await errorOf(ADA, settings)).message).toContain(message)
  })
})
