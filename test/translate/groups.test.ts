import type { NewPart } from '../../src/store/store.js'
import { parseSubscriptions, type Subscription } from '../../src/translate/subscriptions.js'
import { GROUP_SUBSCRIPTIONS, path } from '../helpers/groups-config.js'
import { Translator } from '../../src/translate/translator.js'
import { ARRIVED, identify, nested, type Event } from './translate-one.js'

const [USERS, GROUPS] = GROUP_SUBSCRIPTIONS

const group = (parts: Event = {}): Event => ({
  ...{ type: 'group', messageId: 'm', userId: 'ann', groupId: 'acme', traits: { plan: 'pro' } },
  ...parts
})

/** The parts of the event as short texts, the first first; or what else became of it. */
async function translate(subscriptions: readonly Subscription[], event: Event): Promise<unknown> {
  const translator = new Translator({
    nestedProperties: 'flatten',
    subscriptions: parseSubscriptions(subscriptions, 'batch')
  })
  const [translation] = await translator.translate([event], ARRIVED)
  if (translation?.kind !== 'event') return translation
  return [translation.event, ...(translation.event.later ?? [])].map(describePart)
}

function describePart({ subject = 'user', identifier, properties, groups }: NewPart): string {
  return `${subject} ${identifier} ${properties}${groups === undefined ? '' : ` in ${groups.join(' and ')}`}`
}

describe('a group event', () => {
  it('is of the group, and then puts its user into it', async () => {
    expect(await translate([GROUPS], group())).toEqual(['group acme {"plan":"pro"}', 'user ann {} in acme'])
  })

  it.each([[{ userId: undefined }], [{ userId: null }], [{ userId: ' ' }]])(
    'is of the group alone with %j',
    async (parts) => {
      expect(await translate([GROUPS], group(parts))).toEqual(['group acme {"plan":"pro"}'])
    }
  )

  it.each([[{ groupId: undefined }], [{ groupId: '' }], [{ groupId: ' ' }]])(
    'is not for us with %j, whoever the user is',
    async (parts) => {
      expect(await translate([GROUPS], group(parts))).toEqual({ kind: 'ignored', reason: 'no-identifier' })
    }
  )

  it.each([
    ['a group event', GROUPS, group({ groupId: 12_345_678_901_234_567_000 })],
    ['an identify', USERS, identify({ context: { groupId: 12_345_678_901_234_567_000 } })]
  ])('is rejected when %s names a group by a number that is not exact', async (_what, subscription, event) => {
    expect(await translate([subscription], event)).toMatchObject({
      ...{ kind: 'rejected', reason: expect.stringContaining('too large to be exact') as string }
    })
  })

  it('merges all that an identify says of one group', async () => {
    const entries = { '@arrayPath': ['$.context.groups', { identifier: path('$.id'), properties: path('$.p') }] }
    const subscription = { ...USERS, mapping: { identifier: path('$.userId'), groups: entries } }
    const groups = [
      { id: 'g', p: { a: 1, b: 1 } },
      { id: 'h', p: { a: 2 } },
      { id: 'g', p: { b: 3, c: 3 } }
    ]
    expect(await translate([subscription], identify({ context: { groups } }))).toEqual([
      ...['user u {} in g and h', 'group g {"a":1,"b":3,"c":3}', 'group h {"a":2}']
    ])
  })

  it('is as old as it says, for all that it says', async () => {
    const translator = new Translator({ nestedProperties: 'flatten', subscriptions: [GROUPS] })
    const timestamp = '2026-01-01T00:00:00.123Z'
    expect(await translator.translate([group({ timestamp })], ARRIVED)).toEqual([
      {
        kind: 'event',
        event: {
          ...{ messageId: 'm', subject: 'group', identifier: 'acme', properties: '{"plan":"pro"}' },
          ...{ eventTime: Date.parse(timestamp), arrivedAt: ARRIVED },
          later: [{ identifier: 'ann', properties: '{}', groups: ['acme'] }]
        }
      }
    ])
  })

  it('has its nested traits made flat', async () => {
    expect(await translate([GROUPS], group({ traits: { address: { city: 'Rome' } } }))).toEqual([
      'group acme {"address_city":"Rome"}',
      'user ann {} in acme'
    ])
  })

  it.each([[{ traits: 'text' }], [{ groupId: { id: 1 } }], [{ traits: nested(20_000) }]])(
    'is rejected where it cannot be mapped',
    async (parts) => {
      expect(await translate([GROUPS], group(parts))).toMatchObject({ kind: 'rejected' })
    }
  )

  it('is not for us by default', async () => {
    const translator = new Translator({ nestedProperties: 'flatten' })
    expect(await translator.translate([group()], ARRIVED)).toEqual([{ kind: 'ignored', reason: 'type' }])
  })
})

describe('an identify with groups', () => {
  it('puts its user into them', async () => {
    expect(await translate([USERS], identify({ context: { groupId: 'acme' } }))).toEqual([
      'user u {"plan":"pro"} in acme'
    ])
  })

  it('is then of the groups that it says something of', async () => {
    const account = { seats: 3, address: { city: 'Rome' } }
    expect(await translate([USERS], identify({ context: { groupId: 'acme', account } }))).toEqual([
      'user u {"plan":"pro"} in acme',
      'group acme {"seats":3,"address_city":"Rome"}'
    ])
  })

  it.each([[{}], [{ groupId: null }], [{ groupId: '' }], [{ account: { seats: 3 } }]])(
    'is of its user alone with the context %j',
    async (context) => {
      expect(await translate([USERS], identify({ context }))).toEqual(['user u {"plan":"pro"}'])
    }
  )

  it('may have many, each of them once', async () => {
    const groups = { '@arrayPath': ['$.traits.teams', { identifier: path('$.id'), properties: path('$.about') }] }
    const mapping = { identifier: path('$.userId'), properties: {}, groups }
    const teams = [{ id: 'a', about: { n: 1, m: 1 } }, { id: 'b' }, { id: 'a', about: { n: 2 } }, { about: { n: 3 } }]
    expect(await translate([{ ...USERS, mapping }], identify({ traits: { teams } }))).toEqual([
      'user u {} in a and b',
      'group a {"n":2,"m":1}'
    ])
  })

  it('without a user is not for us', async () => {
    const event = identify({ userId: undefined, context: { groupId: 'acme', account: { seats: 3 } } })
    expect(await translate([USERS], event)).toEqual({ kind: 'ignored', reason: 'no-identifier' })
  })
})

describe('subscriptions of users and of groups that ask for one event', () => {
  const both = {
    ...USERS,
    subscribe: 'type = "group"',
    mapping: { identifier: path('$.userId'), properties: { x: 1 } }
  }

  it('make one event of it', async () => {
    expect(await translate([GROUPS, both], group())).toEqual(['user ann {"x":1} in acme', 'group acme {"plan":"pro"}'])
  })

  it('cannot make two users of it', async () => {
    const other = { ...both, mapping: { identifier: path('$.context.owner') } }
    const context = { owner: 'bob' }
    expect(await translate([GROUPS, other], group({ context }))).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('two subscriptions map it to different users') as string
    })
    expect(await translate([GROUPS, other], group({ userId: undefined, context }))).toEqual([
      'user bob {}',
      'group acme {"plan":"pro"}'
    ])
  })

  it('do not send in part what one of them cannot map', async () => {
    const bad = { ...both, mapping: { identifier: path('$.userId'), properties: path('$.groupId') } }
    for (const list of [
      [GROUPS, bad],
      [bad, GROUPS]
    ]) {
      expect(await translate(list, group())).toMatchObject({ kind: 'rejected' })
    }
  })

  it('may make two groups of it', async () => {
    const parent = { ...GROUPS, mapping: { identifier: path('$.context.parent'), user_identifier: path('$.userId') } }
    expect(await translate([GROUPS, parent], group({ context: { parent: 'holding' } }))).toEqual([
      'group acme {"plan":"pro"}',
      'group holding {}',
      'user ann {} in acme and holding'
    ])
  })
})

describe("groups and the generations of Dopt's API", () => {
  const IDENTIFY: Subscription = { ...USERS, mapping: { identifier: path('$.userId') } }
  const refusal = (name: string) =>
    `the subscription "${name}" sends groups, which need api set to batch, but it is bulk: ` +
    'use --api batch (or "api": "batch") if Dopt has given you access to it, or disable the subscription'

  it.each([
    [GROUPS, 'Groups'],
    [USERS, 'Users']
  ])('are refused with bulk, in words that name the setting: %j', (subscription, name) => {
    expect(() => parseSubscriptions([subscription], 'bulk')).toThrow(refusal(name))
    expect(() => parseSubscriptions([subscription], 'batch')).not.toThrow()
    const off = { ...subscription, enabled: false }
    expect(() => parseSubscriptions([off, IDENTIFY], 'bulk')).not.toThrow()
  })

  it('go together with bulk where nothing is mapped to groups', () => {
    const unmapped = { ...IDENTIFY, mapping: { ...IDENTIFY.mapping, groups: null } }
    expect(() => parseSubscriptions([IDENTIFY, unmapped], 'bulk')).not.toThrow()
  })
})
