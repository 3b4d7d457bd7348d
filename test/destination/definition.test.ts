import { createTestIntegration, defaultValues, type JSONObject, type SegmentEvent } from '@segment/actions-core'
import { parseFql } from '@segment/destination-subscriptions'
import nock from 'nock'
import destination, * as surface from '../../src/destination/index.js'
import type { Settings } from '../../src/destination/index.js'
import { identify, SETTINGS } from './helpers.js'

const { actions, authentication, presets } = surface.destination

describe('the definition', () => {
  test('is the default export and a named one', () => {
    expect(destination).toBe(surface.destination)
  })

  test('has the permanent slug, and no way to delete', () => {
    expect(surface.destination).toMatchObject({ name: 'Dopt', slug: 'actions-dopt', mode: 'cloud' })
    expect(surface.destination).not.toHaveProperty('onDelete')
  })

  test('keeps the key secret, and defaults to the bulk generation at Dopt', () => {
    expect(authentication?.fields).toMatchObject({
      apiKey: { type: 'password', required: true },
      endpoint: { default: 'https://users.dopt.com' },
      api: { default: 'bulk' }
    })
  })

  test('labels and describes every setting, action and field, those within fields too', () => {
    const fields = [
      ...Object.values(authentication?.fields ?? {}),
      ...Object.values(actions).flatMap(({ fields }) => Object.values(fields))
    ]
    const inner = fields.flatMap((field) => Object.values('properties' in field ? (field.properties ?? {}) : {}))
    expect([fields.length, inner.length]).toEqual([17, 2])
    for (const { label, description } of [...fields, ...inner]) {
      expect(label).toMatch(/^[A-Z]/)
      expect(description).toMatch(/^[A-Z].*\.$/)
    }
    for (const { title, description } of Object.values(actions)) {
      expect(title).toMatch(/^[A-Z]/)
      expect(description).toMatch(/^[A-Z].*\.$/)
    }
  })

  test.each(Object.entries(actions))('asks Segment for batches of at most 100 for %s', (_key, { fields }) => {
    expect(fields).toMatchObject({
      enable_batching: { type: 'boolean', default: true },
      batch_size: { type: 'number', default: 100, maximum: 100 }
    })
  })

  test.each(Object.entries(actions))('has a trigger for %s that parses', (_key, { defaultSubscription }) => {
    expect(parseFql(defaultSubscription ?? '')).not.toHaveProperty('error')
  })

  test('sends no groups before somebody maps them', () => {
    expect(defaultValues(actions.identifyUser?.fields ?? {})).not.toHaveProperty('groups')
  })

  test('sends the key without the white space that copying adds', () => {
    const headers = (settings: Settings) => surface.destination.extendRequest?.({ settings, payload: undefined })
    expect(headers({ apiKey: ' key\n' })).toEqual({ headers: { 'x-api-key': 'key' } })
    expect(headers({ apiKey: 'ke\ny' })).toEqual({})
  })
})

describe('the presets', () => {
  const byName = new Map((presets ?? []).map((preset) => [preset.name, preset]))

  test('have triggers that parse, and name defined fields only', () => {
    expect([...byName.keys()]).toEqual([
      'Identify User',
      'Identify User by User ID or Anonymous ID',
      'Identify User by Email'
    ])
    for (const preset of byName.values()) {
      if (preset.type !== 'automatic') throw new Error('no other type is expected')
      const fields = Object.keys(actions[preset.partnerAction]?.fields ?? {})
      expect(parseFql(preset.subscribe)).not.toHaveProperty('error')
      expect(fields).toEqual(expect.arrayContaining(Object.keys(preset.mapping ?? {})))
    }
  })

  const ids = { userId: 'user-1', anonymousId: 'anon-1' }
  const none = { userId: null, anonymousId: null }
  test.each<[string, Partial<SegmentEvent>, string | undefined]>([
    ['Identify User', ids, 'user-1'],
    ['Identify User', { ...ids, userId: null }, undefined],
    ['Identify User by User ID or Anonymous ID', ids, 'user-1'],
    ['Identify User by User ID or Anonymous ID', { ...ids, userId: null }, 'anon-1'],
    ['Identify User by User ID or Anonymous ID', none, undefined],
    ['Identify User by Email', { ...ids, traits: { email: 'a@b.c' } }, 'a@b.c'],
    ['Identify User by Email', { ...ids, traits: {}, context: { traits: { email: 'c@d.e' } } }, 'c@d.e'],
    ['Identify User by Email', { ...ids, traits: {} }, undefined]
  ])('%s makes of %j the user %s', async (name, parts, identifier) => {
    const reached: string[] = []
    nock('https://users.dopt.com')
      .post(/^\/identify\//)
      .reply((uri) => {
        reached.push(decodeURIComponent(uri.slice('/identify/'.length)))
        return [200]
      })
    const sent = createTestIntegration(surface.destination).testAction('identifyUser', {
      event: { ...identify('x'), ...parts },
      mapping: byName.get(name)?.mapping as JSONObject,
      settings: SETTINGS,
      useDefaultMappings: false
    })
    if (identifier === undefined) await expect(sent).rejects.toThrow("'identifier'")
    else await sent
    expect(reached).toEqual(identifier === undefined ? [] : [identifier])
    nock.cleanAll()
  })
})

afterAll(() => nock.restore())
