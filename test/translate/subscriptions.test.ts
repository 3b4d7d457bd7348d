import { parseSubscriptions, type Subscription } from '../../src/translate/subscriptions.js'
import { Translator } from '../../src/translate/translator.js'
import { ARRIVED, identify, nested, type Event } from './translate-one.js'

const EVERY_IDENTIFY = {
  name: 'Identify',
  enabled: true,
  subscribe: 'type = "identify"',
  partnerAction: 'identifyUser',
  mapping: { identifier: { '@path': '$.userId' }, properties: { '@path': '$.traits' } }
}

const SIGNED_UP = {
  ...EVERY_IDENTIFY,
  name: 'Signed up',
  subscribe: 'type = "track" and event = "Signed Up"',
  mapping: { identifier: { '@path': '$.userId' }, properties: { signed_up: { '@path': '$.properties.plan' } } }
}

const withMapping = (mapping: object) => ({ ...EVERY_IDENTIFY, mapping: { ...EVERY_IDENTIFY.mapping, ...mapping } })

/** Identifier and properties of the user, or why there is none. */
async function translate(subscriptions: readonly unknown[], event: Event): Promise<unknown> {
  const translator = new Translator({
    nestedProperties: 'flatten',
    subscriptions: parseSubscriptions(subscriptions, 'batch')
  })
  const [translation] = await translator.translate([event], ARRIVED)
  if (translation?.kind !== 'event') return translation
  const { identifier, properties } = translation.event
  return [identifier, JSON.parse(properties)]
}

describe('subscriptions of one’s own', () => {
  it('say which events are for us', async () => {
    const signedUp = { type: 'track', event: 'Signed Up', userId: 'u', properties: { plan: 'pro' } }
    expect(await translate([SIGNED_UP], signedUp)).toEqual(['u', { signed_up: 'pro' }])
    const ignored = { kind: 'ignored', reason: 'type' }
    expect(await translate([SIGNED_UP], { ...signedUp, event: 'Left' })).toEqual(ignored)
    expect(await translate([SIGNED_UP], identify())).toEqual(ignored)
    expect(await translate([SIGNED_UP], identify({ traits: 'text' }))).toEqual(ignored)
  })

  it.each([
    ['by itself', { '@path': '$.properties.account.id' }],
    ['in a template', { '@template': 'account-{{properties.account.id}}' }],
    ['in a long template', { '@template': `${'x'.repeat(600)}-{{properties.account.id}}` }]
  ])('reject an event whose identifier is a number that is not exact, %s', async (_how, identifier) => {
    const event = (id: unknown): Event => identify({ properties: { account: { id } } })
    expect(await translate([withMapping({ identifier })], event(12_345_678_901_234_567_000))).toMatchObject({
      ...{ kind: 'rejected', reason: expect.stringContaining('too large to be exact') as string }
    })
    for (const id of ['12345678901234567000', 4711]) {
      expect(await translate([withMapping({ identifier })], event(id))).toMatchObject([
        expect.stringContaining(`${id}`),
        {}
      ])
    }
  })

  it.each<[string, object, unknown]>([
    ['a template', { properties: { greeting: { '@template': 'Hi {{traits.name}} of {{userId}}' } } }, 'Hi Ada of u'],
    [
      'a condition',
      { properties: { greeting: { '@if': { exists: { '@path': '$.traits.no' }, then: 1, else: 'none' } } } },
      'none'
    ],
    [
      'a replacement',
      {
        properties: {
          greeting: { '@replace': { pattern: 'A', replacement: 'I', value: { '@path': '$.traits.name' } } }
        }
      },
      'Ida'
    ],
    [
      'a change of case',
      { properties: { greeting: { '@case': { operator: 'upper', value: { '@path': '$.traits.name' } } } } },
      'ADA'
    ],
    ['a literal', { properties: { greeting: 'hello' } }, 'hello'],
    ['Liquid', { properties: { greeting: { '@liquid': '{{ traits.name | size }} letters' } } }, '3 letters'],
    ['a path below another', { properties: { '@path': '$.context.page' } }, 'page'],
    [
      'a merge',
      { properties: { '@merge': { direction: 'right', objects: [{ '@path': '$.traits' }, { greeting: 'merged' }] } } },
      'merged'
    ]
  ])('map with %s', async (_what, mapping, greeting) => {
    const event = identify({ traits: { name: 'Ada' }, context: { page: { greeting: 'page' } } })
    expect(await translate([withMapping(mapping)], event)).toEqual(['u', expect.objectContaining({ greeting })])
  })

  it('may ask for what is within the traits that they pass on', async () => {
    const onlyPro = { ...EVERY_IDENTIFY, subscribe: 'type = "identify" and traits.plan = "pro"' }
    expect(await translate([onlyPro], identify({ traits: { plan: 'pro', tags: ['a'] } }))).toEqual([
      'u',
      { plan: 'pro', tags: '["a"]' }
    ])
    expect(await translate([onlyPro], identify({ traits: { plan: 'free' } }))).toMatchObject({ reason: 'type' })
    const byEmail = withMapping({ identifier: { '@path': '$.traits.email' } })
    expect(await translate([byEmail], identify({ traits: { email: 'a@b.c' } }))).toEqual(['a@b.c', { email: 'a@b.c' }])
    expect(await translate([byEmail], identify())).toEqual({ kind: 'ignored', reason: 'no-identifier' })
  })

  it('choose what becomes of nested values, each for itself', async () => {
    const event = identify({ traits: { address: { city: 'Rome' } } })
    expect(await translate([EVERY_IDENTIFY], event)).toEqual(['u', { address_city: 'Rome' }])
    expect(await translate([withMapping({ nested_properties: 'drop' })], event)).toEqual(['u', {}])
  })

  it('leave nested values to the option where they do not choose', async () => {
    const subscriptions = parseSubscriptions([EVERY_IDENTIFY], 'batch')
    const translator = new Translator({ nestedProperties: 'drop', subscriptions })
    const event = identify({ traits: { address: { city: 'Rome' } } })
    expect(await translator.translate([event], ARRIVED)).toMatchObject([{ event: { properties: '{}' } }])
  })

  it('map nothing when a literal of theirs is not valid, as in Segment', async () => {
    const subscriptions = [{ ...EVERY_IDENTIFY, mapping: { ...EVERY_IDENTIFY.mapping, batch_size: 1000 } }]
    const translator = new Translator({ nestedProperties: 'drop', subscriptions })
    const [translation] = await translator.translate([identify()], ARRIVED)
    expect(translation).toMatchObject({ kind: 'rejected', reason: expect.stringContaining('Batch Size') as string })
  })

  it('reject what they ask for and cannot map', async () => {
    expect(await translate([EVERY_IDENTIFY], identify({ traits: 'text' }))).toMatchObject({ kind: 'rejected' })
    expect(await translate([EVERY_IDENTIFY], identify({ userId: { id: 1 } }))).toMatchObject({ kind: 'rejected' })
  })

  it('are passed over while they are not enabled', async () => {
    expect(await translate([SIGNED_UP, { ...EVERY_IDENTIFY, enabled: false }], identify())).toEqual({
      kind: 'ignored',
      reason: 'type'
    })
  })
})

describe('several subscriptions that ask for one event', () => {
  const extra = (mapping: object) => ({ ...withMapping(mapping), name: 'Extra' })

  it('make one user of it, with the properties of all', async () => {
    const more = extra({ properties: { plan: 'later', source: 'web' } })
    expect(await translate([EVERY_IDENTIFY, more, SIGNED_UP], identify({ traits: { plan: 'pro', seats: 1 } }))).toEqual(
      ['u', { plan: 'later', seats: 1, source: 'web' }]
    )
  })

  it('leave it to the one that finds an identifier', async () => {
    const byEmail = extra({ identifier: { '@path': '$.traits.email' }, properties: {} })
    const event = identify({ userId: null, traits: { email: 'a@b.c' } })
    expect(await translate([EVERY_IDENTIFY, byEmail], event)).toEqual(['a@b.c', {}])
    expect(await translate([byEmail, EVERY_IDENTIFY], event)).toEqual(['a@b.c', {}])
  })

  it('cannot make two users of it', async () => {
    const byEmail = extra({ identifier: { '@path': '$.traits.email' } })
    expect(await translate([EVERY_IDENTIFY, byEmail], identify({ traits: { email: 'a@b.c' } }))).toEqual({
      kind: 'rejected',
      reason: 'two subscriptions map it to different users: change their triggers so that only one matches'
    })
  })

  it('do not send in part what one of them cannot map', async () => {
    const bad = extra({ properties: { '@path': '$.userId' } })
    for (const list of [
      [EVERY_IDENTIFY, bad],
      [bad, EVERY_IDENTIFY]
    ]) {
      expect(await translate(list, identify())).toMatchObject({ kind: 'rejected' })
    }
  })

  it('survive what is nested too deep', async () => {
    const translation = await translate([EVERY_IDENTIFY, extra({})], identify({ traits: nested(20_000) }))
    expect(translation).toBeDefined()
  })
})

describe('subscriptions that cannot work', () => {
  const about = '^subscription 1 \\("Identify"\\): '
  it.each<[unknown, string]>([
    [{}, '^subscriptions must be a list'],
    [[], '^no subscription is enabled'],
    [[{ ...EVERY_IDENTIFY, enabled: false }], '^no subscription is enabled'],
    [['x'], '^subscription 1 must be an object with name, enabled'],
    [[EVERY_IDENTIFY, { ...EVERY_IDENTIFY, name: '' }], '^subscription 2: name must be a non-empty string'],
    [[{ ...EVERY_IDENTIFY, trigger: 1 }], `${about}there is no key "trigger"; the keys are name, `],
    [[{ ...EVERY_IDENTIFY, enabled: 'yes' }], `${about}enabled must be`],
    [[{ ...EVERY_IDENTIFY, subscribe: 'whenever' }], `${about}subscribe is not a trigger in FQL`],
    [[{ ...EVERY_IDENTIFY, subscribe: '' }], `${about}subscribe is not a trigger in FQL`],
    [[{ ...EVERY_IDENTIFY, subscribe: 7 }], `${about}subscribe must be a trigger`],
    [
      [{ ...EVERY_IDENTIFY, partnerAction: 'trackUser' }],
      `${about}partnerAction must be identifyUser or identifyGroup$`
    ],
    [
      [{ ...EVERY_IDENTIFY, partnerAction: 'identifyGroup', mapping: { groups: [] } }],
      `${about}mapping: there is no field "groups"`
    ],
    [[{ ...EVERY_IDENTIFY, mapping: [] }], `${about}mapping must be an object`],
    [[{ ...EVERY_IDENTIFY, mapping: { properties: {} } }], `${about}mapping: identifier is required$`],
    [[withMapping({ plan: 1 })], `${about}mapping: there is no field "plan"; the fields are identifier, `],
    [[withMapping({ identifier: { '@pth': '$.userId' } })], `${about}mapping: .*invalid directive: @pth`],
    [[withMapping({ identifier: { '@path': 7 } })], `${about}mapping: .*should be a string`],
    ...[null, ''].map((identifier): [unknown, string] => [
      [withMapping({ identifier })],
      `${about}mapping: identifier is empty`
    ]),
    ...[
      ...[
        'u',
        { '@template': 'user' },
        { '@template': '{{userId' },
        { '@template': '{{ }}' },
        { '@template': '{%x%}' },
        { '@literal': 'u' }
      ],
      ...[{ '@case': { operator: 'lower', value: 'U' } }, { '@if': { exists: 'u', then: 'u', else: 'v' } }]
    ].map((identifier): [unknown, string] => [
      [withMapping({ identifier })],
      `${about}mapping: identifier is the same for all events, so all would be of one user`
    ]),
    [[withMapping({ properties: { a: { '@if': 7 } } })], `${about}mapping: `],
    [[withMapping({ batch_size: 1000 })], `${about}mapping: Batch Size must be`],
    [[withMapping({ nested_properties: 'fold' })], `${about}mapping: Nested Properties must be`]
  ])('%j are refused in one line', (value, message) => {
    let thrown: unknown
    try {
      parseSubscriptions(value, 'batch')
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({ name: 'SubscriptionError', message: expect.stringMatching(message) as string })
    expect(String(thrown)).not.toContain('\n')
  })

  it.each<[string, Subscription['mapping'][string]]>([
    ['identifyUser', { '@template': 'u-{{ userId }}' }],
    ['identifyUser', { '@case': { operator: 'lower', value: { '@path': '$.userId' } } }],
    ['identifyUser', { '@if': { exists: { '@path': '$.userId' }, then: 'u', else: 'v' } }],
    ['identifyUser', { '@liquid': '{{ userId | downcase }}' }],
    ['identifyUser', { '@literal': { '@path': '$.userId' } }],
    ['identifyGroup', 'x']
  ])('are those that Segment would take, for %s', (partnerAction, identifier) => {
    const subscription: Subscription = { ...EVERY_IDENTIFY, partnerAction, mapping: { identifier } }
    expect(parseSubscriptions([subscription], 'batch')).toEqual([subscription])
    const { enabled, ...rest } = subscription
    expect(parseSubscriptions([rest], 'batch')).toEqual([{ ...rest, enabled }])
  })
})
