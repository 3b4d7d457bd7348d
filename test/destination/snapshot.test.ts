import { createTestEvent, createTestIntegration, type JSONObject } from '@segment/actions-core'
import nock from 'nock'
import { destination } from '../../src/destination/index.js'
import { generateData } from './generate-data.js'
import { SETTINGS } from './helpers.js'

/** The seed of what is generated: another one would change every snapshot. */
const SEED = 'actions-dopt'

interface SentRequest {
  path: string
  headers: Record<string, string | undefined>
  body: unknown
}

/** The requests that go out while `use` is at work. */
async function requestsOf(use: () => Promise<unknown>): Promise<SentRequest[]> {
  const requests: SentRequest[] = []
  nock('https://users.dopt.com')
    .persist()
    .post(/./)
    .reply(function reply(path, body) {
      const pick = (name: string) => String(this.req.headers[name])
      const headers = { 'content-type': pick('content-type'), 'x-api-key': pick('x-api-key') }
      requests.push({ path, headers, body: body as unknown })
      return [200, { count: Array.isArray(body) ? body.length : 1 }]
    })
  await use()
  nock.cleanAll()
  return requests
}

afterAll(() => nock.restore())

describe.each(Object.entries(destination.actions))('the requests of %s', (key, { fields }) => {
  const { payload, required } = generateData(`${SEED}#${key}`, fields)
  const event = createTestEvent({ type: key === 'identifyGroup' ? 'group' : 'identify' })
  const settings = { ...SETTINGS, api: 'batch' }

  test('with every field', async () => {
    const integration = createTestIntegration(destination)
    const mapping = payload as JSONObject
    expect(await requestsOf(() => integration.testAction(key, { event, mapping, settings }))).toMatchSnapshot()
  })

  test('with the required fields', async () => {
    const integration = createTestIntegration(destination)
    const mapping = required as JSONObject
    expect(await requestsOf(() => integration.testAction(key, { event, mapping, settings }))).toMatchSnapshot()
  })

  test('for a batch', async () => {
    const integration = createTestIntegration(destination)
    const mapping = payload as JSONObject
    const events = [event, event]
    expect(await requestsOf(() => integration.testBatchAction(key, { events, mapping, settings }))).toMatchSnapshot()
  })
})

test.each(['perform', 'performBatch'])('the request of identifyUser to the bulk generation, by %s', async (way) => {
  const { groups, ...mapping } = generateData(`${SEED}#bulk`, destination.actions.identifyUser?.fields ?? {}).payload
  expect(groups).toBeDefined()
  const integration = createTestIntegration(destination)
  const event = createTestEvent({ type: 'identify' })
  const how = { mapping: mapping as JSONObject, settings: SETTINGS }
  const sent = requestsOf(() =>
    way === 'perform'
      ? integration.testAction('identifyUser', { event, ...how })
      : integration.testBatchAction('identifyUser', { events: [event], ...how })
  )
  expect(await sent).toMatchSnapshot()
})
