import { parseFql } from '@segment/destination-subscriptions'
import destination, * as surface from '../../src/destination/index.js'
import type { Settings } from '../../src/destination/index.js'

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

  test('describes every setting, action and field', () => {
    const described = [
      ...Object.values(authentication?.fields ?? {}),
      ...Object.values(actions),
      ...Object.values(actions).flatMap(({ fields }) => Object.values(fields))
    ]
    expect(described).toHaveLength(10)
    for (const { description } of described) expect(description).toMatch(/^[A-Z].*\.$/)
  })

  test('asks Segment for batches of at most 100', () => {
    expect(actions.identifyUser?.fields).toMatchObject({
      enable_batching: { type: 'boolean', default: true },
      batch_size: { type: 'number', default: 100, maximum: 100 }
    })
  })

  test('has presets and default subscriptions that parse, and name defined fields only', () => {
    expect(presets).toHaveLength(1)
    for (const preset of presets ?? []) {
      if (preset.type !== 'automatic') throw new Error('no other type is expected')
      const action = actions[preset.partnerAction]
      expect(parseFql(preset.subscribe)).not.toHaveProperty('error')
      expect(preset.subscribe).toBe(action?.defaultSubscription)
      expect(Object.keys(action?.fields ?? {})).toEqual(expect.arrayContaining(Object.keys(preset.mapping ?? {})))
    }
  })

  test('sends the key without the white space that copying adds', () => {
    const headers = (settings: Settings) => surface.destination.extendRequest?.({ settings, payload: undefined })
    expect(headers({ apiKey: ' key\n' })).toEqual({ headers: { 'x-api-key': 'key' } })
    expect(headers({ apiKey: 'ke\ny' })).toEqual({})
  })
})
