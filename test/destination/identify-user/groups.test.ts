import { createTestIntegration, PayloadValidationError, type SegmentEvent } from '@segment/actions-core'
import nock from 'nock'
import { destination, type Settings } from '../../../src/destination/index.js'
import { identify, SETTINGS } from '../helpers.js'

const BATCH: Settings = { ...SETTINGS, api: 'batch' }

/** The group of the event's context, and what an event may say of it. */
const MAPPING = {
  groups: { identifier: { '@path': '$.context.groupId' }, properties: { '@path': '$.traits.company' } }
}

const inGroup = (groupId: string | null, traits: object = {}, more: Partial<SegmentEvent> = {}) =>
  identify('ada', traits, { context: groupId === null ? {} : { groupId }, ...more })

function perform(event: SegmentEvent, settings = BATCH, mapping: object = MAPPING) {
  return createTestIntegration(destination).testAction('identifyUser', {
    event,
    mapping: { ...mapping },
    settings,
    useDefaultMappings: true
  })
}

async function performBatch(events: SegmentEvent[], settings = BATCH) {
  const integration = createTestIntegration(destination)
  await integration.testBatchAction('identifyUser', { events, mapping: MAPPING, settings, useDefaultMappings: true })
  return (integration.results[0]?.multistatus ?? []) as { status: number; errormessage?: string }[]
}

const dopt = () => nock('https://users.dopt.com')

afterEach(() => {
  expect(nock.isDone()).toBe(true)
  nock.cleanAll()
})

afterAll(() => nock.restore())

describe('the groups of a user', () => {
  test('are not sent before they are mapped', async () => {
    dopt().post('/identify', { identifier: 'ada', properties: {} }).reply(200)
    await perform(inGroup('acme'), BATCH, {})
  })

  test('go with the user, flat as the properties', async () => {
    dopt()
      .post('/identify', {
        identifier: 'ada',
        properties: { company_name: 'Acme', company_size_staff: 7 },
        groups: [{ identifier: 'acme', properties: { name: 'Acme', size_staff: 7 } }]
      })
      .reply(200)
    await perform(inGroup('acme', { company: { name: 'Acme', size: { staff: 7 } } }))
  })

  test('are left out where the event names none', async () => {
    dopt().post('/identify', { identifier: 'ada', properties: {} }).reply(200)
    await perform(inGroup(null))
  })

  test('may be several, each once', async () => {
    const groups = ['acme', 'zeta', 'acme'].map((identifier) => ({ identifier }))
    const body = {
      identifier: 'ada',
      properties: {},
      groups: ['acme', 'zeta'].map((id) => ({ identifier: id, properties: {} }))
    }
    dopt().post('/identify', body).reply(200)
    await perform(inGroup(null), BATCH, { groups })
  })

  test('are merged over the events of a batch, the newest value of each property wins', async () => {
    dopt()
      .post('/identify/batch', [
        {
          identifier: 'ada',
          properties: { company_plan: 'pro', company_seats: 3 },
          groups: [
            { identifier: 'acme', properties: { plan: 'pro', seats: 3 } },
            { identifier: 'zeta', properties: {} }
          ]
        }
      ])
      .reply(200, { count: 1 })
    const nodes = await performBatch([
      inGroup('acme', { company: { plan: 'pro' } }, { timestamp: '2024-01-02T00:00:00Z' }),
      inGroup('acme', { company: { plan: 'free', seats: 3 } }, { timestamp: '2024-01-01T00:00:00Z' }),
      inGroup('zeta')
    ])
    expect(nodes.map(({ status }) => status)).toEqual([200, 200, 200])
  })

  test('are refused while the API setting is Bulk, in words that name the setting; events without go out', async () => {
    await expect(perform(inGroup('acme'), SETTINGS)).rejects.toThrow(PayloadValidationError)
    await expect(perform(inGroup('acme'), SETTINGS)).rejects.toThrow('Set API to Batch')
    dopt()
      .post('/identify/bulk', [{ __dopt_identifier: 'ada', plan: 'pro' }])
      .reply(200, { count: 1 })
    const nodes = await performBatch([inGroup('acme'), inGroup(null, { plan: 'pro' })], SETTINGS)
    expect(nodes.map(({ status }) => status)).toEqual([400, 200])
    expect(nodes[0]?.errormessage).toContain('Set API to Batch')
  })

  test('keep the values of their properties out of messages', async () => {
    dopt().post('/identify').reply(400, { code: 'invalid_request_error', details: 'Acme Corporation is no name' })
    const mapping = {
      groups: { identifier: 'acme', properties: { name: { '@path': '$.traits.name' } } },
      properties: {}
    }
    const sent = perform(inGroup(null, { name: 'Acme Corporation' }), BATCH, mapping)
    await expect(sent).rejects.toThrow('[value] is no name')
  })
})
