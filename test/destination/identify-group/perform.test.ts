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
import { group, malformed, SETTINGS } from '../helpers.js'

const BATCH = { ...SETTINGS, api: 'batch' }

function perform(event: SegmentEvent, settings: object = BATCH, mapping = {}) {
  return createTestIntegration(destination).testAction('identifyGroup', {
    event,
    mapping,
    settings: { ...SETTINGS, ...settings },
    useDefaultMappings: true
  })
}

const errorOf = async (sent: Promise<unknown>): Promise<Error> => {
  const error: unknown = await sent.catch((thrown: unknown) => thrown)
  if (error instanceof Error) return error
  throw new Error('nothing was thrown')
}

const nobody = { userId: null }
const dopt = () => nock('https://users.dopt.com', { reqheaders: { 'x-api-key': SETTINGS.apiKey } })

afterEach(() => {
  expect(nock.isDone()).toBe(true)
  nock.cleanAll()
})

afterAll(() => nock.restore())

describe('perform of a group', () => {
  test('sends the flat properties of the group', async () => {
    dopt()
      .post('/identify/group', { identifier: 'acme', properties: { plan: 'pro', seats: null, address_city: 'Rome' } })
      .reply(200, {})
    await perform(group('acme', { plan: 'pro', seats: null, address: { city: 'Rome' } }, nobody))
  })

  test('puts the user into the group afterwards, and says nothing else of the user', async () => {
    const order: string[] = []
    dopt()
      .post('/identify/group', { identifier: 'acme', properties: { plan: 'pro' } })
      .reply(() => [order.push('group') && 200])
    dopt()
      .post('/identify', { identifier: 'ada', properties: {}, groups: [{ identifier: 'acme', properties: {} }] })
      .reply(() => [order.push('user') && 200])
    await perform(group('acme', { plan: 'pro' }, { userId: 'ada' }))
    expect(order).toEqual(['group', 'user'])
  })

  test('leaves the user alone when the group is refused', async () => {
    dopt().post('/identify/group').reply(400, { code: 'invalid_request_error', details: 'the plan pro is wrong' })
    const error = await errorOf(perform(group('acme', { plan: 'pro' }, { userId: 'ada' })))
    expect(error.message).toContain(
      'Dopt refused the group (HTTP 400, invalid_request_error: the plan [value] is wrong)'
    )
  })

  test('fails when the user cannot be put into the group', async () => {
    dopt().post('/identify/group').reply(200)
    dopt().post('/identify').reply(503)
    expect(await errorOf(perform(group('acme', {}, { userId: 'ada' })))).toBeInstanceOf(RetryableError)
  })

  test.each<[number, new (...args: never[]) => Error]>([
    [400, PayloadValidationError],
    [401, InvalidAuthenticationError],
    [404, IntegrationError],
    [429, RetryableError],
    [500, RetryableError],
    [501, APIError]
  ])('throws for a %i what makes Segment do the right thing', async (status, type) => {
    dopt().post('/identify/group').reply(status)
    expect(await errorOf(perform(group('acme', {}, nobody)))).toBeInstanceOf(type)
  })

  test('is refused without a call while the API setting is Bulk, in words that name the setting', async () => {
    const error = await errorOf(perform(group('acme'), { api: 'bulk' }))
    expect(error).toBeInstanceOf(PayloadValidationError)
    expect(error.message).toContain('Set API to Batch')
  })

  test.each<unknown>([null, ''])('refuses an event whose groupId is %j', async (groupId) => {
    const error = await errorOf(perform({ ...group('x'), ...malformed({ groupId }) }))
    expect(error.message).toContain("'identifier'")
  })

  test('refuses an identifier of white space', async () => {
    expect((await errorOf(perform(group(' ')))).message).toContain('no group identifier')
  })
})
