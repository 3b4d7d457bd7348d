import { Destination } from '../../src/translate/actions-core.cjs'
import { Translator } from '../../src/translate/translator.js'
import { accepted, ARRIVED, identify, nested, nestedList, translateOne, translator } from './translate-one.js'

const ignored = (reason: string) => ({ kind: 'ignored', reason })

/** Matches any reason that holds `part`. */
function rejectedWith(part: string): object {
  const reason: unknown = expect.stringContaining(part)
  return { kind: 'rejected', reason }
}

describe('an identify', () => {
  it('becomes a user to identify', async () => {
    expect(await translateOne(identify({ timestamp: '2026-01-01T00:00:00.123Z' }))).toEqual({
      kind: 'event',
      event: {
        messageId: 'm',
        identifier: 'u',
        eventTime: Date.UTC(2026, 0, 1, 0, 0, 0, 123),
        arrivedAt: ARRIVED,
        properties: '{"plan":"pro"}'
      }
    })
  })

  it.each([
    [42, '42'],
    [0, '0'],
    [' padded ', ' padded '],
    ['a/b?c%d#e', 'a/b?c%d#e'],
    ['Ünï😀', 'Ünï😀'],
    ['.', '.'],
    ['bulk', 'bulk']
  ])('with the userId %j is of the user %j', async (userId, identifier) => {
    expect((await accepted(identify({ userId }))).identifier).toBe(identifier)
  })

  it('with both ids is of the userId', async () => {
    expect((await accepted(identify({ anonymousId: 'x' }))).identifier).toBe('u')
  })

  it.each([
    [undefined, '{}'],
    [null, '{}'],
    [{}, '{}'],
    [{ a: null, b: '', c: false, d: 0 }, '{"a":null,"b":"","c":false,"d":0}'],
    [{ address: { city: 'Rome' }, tags: ['x'] }, '{"tags":"[\\"x\\"]","address_city":"Rome"}'],
    [{ __dopt_identifier: 'other', plan: 'pro' }, '{"plan":"pro"}'],
    [{ '@path': '$.userId', '@if': 1 }, '{"@path":"$.userId","@if":1}'],
    [{ note: '{{userId}} {% if %}' }, '{"note":"{{userId}} {% if %}"}']
  ])('with the traits %j has the properties %s', async (traits, properties) => {
    expect((await accepted(identify({ traits }))).properties).toBe(properties)
  })

  it('treats nested traits as it is told', async () => {
    const event = identify({ traits: { address: { city: 'Rome' }, plan: 'pro' } })
    for (const [nestedProperties, properties] of [
      ['stringify', { address: '{"city":"Rome"}', plan: 'pro' }],
      ['drop', { plan: 'pro' }]
    ] as const) {
      const [translation] = await new Translator({ nestedProperties }).translate([event], ARRIVED)
      if (translation?.kind !== 'event') throw new Error('not an event')
      expect(JSON.parse(translation.event.properties)).toEqual(properties)
    }
  })

  it.each([
    ['2026-01-01T01:00:00+01:00', Date.UTC(2026, 0, 1)],
    [1_767_225_600, Date.UTC(2026, 0, 1)],
    [1_767_225_600_000, Date.UTC(2026, 0, 1)],
    [new Date('2026-01-01'), Date.UTC(2026, 0, 1)],
    ['2099-01-01T00:00:00Z', ARRIVED],
    ['soon', ARRIVED],
    ['', ARRIVED],
    ['{{userId}}', ARRIVED],
    [{ at: 1 }, ARRIVED],
    [true, ARRIVED],
    [0, ARRIVED],
    [null, ARRIVED],
    [undefined, ARRIVED]
  ])('with the timestamp %j happened at %d', async (timestamp, eventTime) => {
    expect((await accepted(identify({ timestamp }))).eventTime).toBe(eventTime)
  })

  it('has an event time and an identifier that the store can hold, whatever the event says', async () => {
    for (const timestamp of [1.5, 1e300, -1, NaN, '1767225600.5', '275760-09-13']) {
      expect(Number.isSafeInteger((await accepted(identify({ timestamp }))).eventTime)).toBe(true)
    }
  })
})

describe('an event that is not for us', () => {
  it.each(['track', 'page', 'screen', 'group', 'alias', 'delete', 'Identify', 'anything'])(
    'is ignored for its type %s',
    async (type) => {
      expect(await translateOne(identify({ type }))).toEqual(ignored('type'))
    }
  )

  it.each([[undefined], [null], [''], ['  ']])('is ignored without an identifier: userId %j', async (userId) => {
    expect(await translateOne(identify({ userId }))).toEqual(ignored('no-identifier'))
    expect(await translateOne(identify({ userId, anonymousId: 'x' }))).toEqual(ignored('no-identifier'))
  })

  it('is ignored for its integrations before anything else is asked of it', async () => {
    expect(await translateOne(identify({ integrations: { Dopt: false }, traits: 'broken' }))).toEqual(
      ignored('integrations')
    )
  })

  it('does not become ours by broken traits', async () => {
    expect(await translateOne({ type: 'track', event: 'x', traits: 'text' })).toEqual(ignored('type'))
  })
})

describe('an event that should have been for us', () => {
  it.each([
    [5, 'a number'],
    ['text', 'a string'],
    [true, 'a boolean'],
    [null, 'null'],
    [[], 'an array']
  ])('is rejected when it is %j and no object', async (event, what) => {
    expect(await translateOne(event)).toEqual(rejectedWith(what))
  })

  it.each([[undefined], [null], [''], [7], [{}]])('is rejected when its type is %j', async (type) => {
    expect(await translateOne(identify({ type }))).toEqual(rejectedWith('type'))
  })

  it.each([
    ['text', 'a string'],
    [7, 'a number'],
    [false, 'a boolean'],
    [['a'], 'an array']
  ])('is rejected when its traits are %j', async (traits, what) => {
    expect(await translateOne(identify({ traits }))).toEqual(rejectedWith(`traits is ${what}`))
  })

  it('is rejected when its id is a number that JSON cannot hold exactly, for two people might have it', async () => {
    const reason = 'the id is a number too large to be exact: send it as a string'
    // What JSON.parse makes of 12345678901234567891 and of 12345678901234567892.
    const userId = 12_345_678_901_234_567_000
    expect(await translateOne(identify({ userId }))).toEqual({ kind: 'rejected', reason })
    expect(await translateOne(identify({ userId: 1e21 }))).toEqual({ kind: 'rejected', reason })
    expect(await translateOne(identify({ userId: String(userId) }))).toMatchObject({ kind: 'event' })
    expect(await translateOne(identify({ userId: Number.MAX_SAFE_INTEGER }))).toMatchObject({ kind: 'event' })
    expect(await translateOne(identify({ userId: 'u', traits: { userId } }))).toMatchObject({ kind: 'event' })
    expect(await translateOne({ type: 'track', userId })).toMatchObject({ kind: 'ignored' })
  })

  it('is sent when its id is a string, although the same number is elsewhere in it', async () => {
    const id = 10_153_012_345_678_900
    const event = identify({ userId: String(id), traits: { id }, context: { traits: { id } } })
    expect(await translateOne(event)).toMatchObject({ kind: 'event', event: { identifier: String(id) } })
  })

  it('is searched for such a number once, however often that is in it', async () => {
    const strings = Array.from({ length: 50 }, (_, index) => `text ${index}`)
    const context = { numbers: new Array(2000).fill(1e21), strings: [...strings, '1e+21'] }
    const includes = jest.spyOn(String.prototype, 'includes')
    const translation = await translateOne(identify({ userId: 1e21, context }))
    const calls = includes.mock.calls.length
    includes.mockRestore()
    expect(translation).toMatchObject({ kind: 'event' })
    expect(calls).toBeLessThan(2000)
  })

  it.each([[{ id: 'secretive' }], [['secretive', 'b']]])(
    'is rejected when its userId is %j, in words that name no value',
    async (userId) => {
      const translation = await translateOne(identify({ userId }))
      expect(translation).toEqual(rejectedWith('dentifier'))
      expect(JSON.stringify(translation)).not.toContain('secretive')
    }
  )
})

it('takes an event whose time is no date for as old as its arrival', async () => {
  const [translation] = await translator.translate([identify({ timestamp: new Date(NaN) })], ARRIVED)
  expect(translation).toMatchObject({ kind: 'event', event: { eventTime: ARRIVED } })
})

describe('a chunk of events', () => {
  it('has one translation for each, in order, and is nothing for nothing', async () => {
    const users = Array.from({ length: 300 }, (_, index) => `u${index}`)
    const events = users.flatMap((userId) => [identify({ userId }), { type: 'track' }, 7, identify({ userId: '' })])
    const translations = await translator.translate(events, ARRIVED)
    expect(translations.map(({ kind }) => kind)).toEqual(
      users.flatMap(() => ['event', 'ignored', 'rejected', 'ignored'])
    )
    const identifiers = translations.flatMap((translation) =>
      translation.kind === 'event' ? [translation.event.identifier] : []
    )
    expect(identifiers).toEqual(users)
    expect(await translator.translate([], ARRIVED)).toEqual([])
  })

  it('can be translated while another is', async () => {
    const chunk = (name: string) => Array.from({ length: 50 }, (_, n) => identify({ userId: `${name}-${n}` }))
    const [a, b] = await Promise.all([translator.translate(chunk('a'), 1), translator.translate(chunk('b'), 2)])
    expect(a[49]).toMatchObject({ event: { identifier: 'a-49', arrivedAt: 1 } })
    expect(b[49]).toMatchObject({ event: { identifier: 'b-49', arrivedAt: 2 } })
  })

  it('keeps traits that are nested 200 deep', async () => {
    const { properties } = await accepted(identify({ traits: nested(200) }))
    expect(properties).toContain('leaf')
  })

  it.each([
    ['traits', { traits: nested(20_000) }],
    ['a trait that is a list', { traits: { list: nestedList(20_000) } }],
    ['context', { context: nested(20_000) }],
    ['context, without a messageId', { context: nested(20_000), messageId: undefined }],
    ['integrations', { integrations: { Dopt: nested(20_000) } }],
    ['userId', { userId: nested(20_000) }],
    ['timestamp', { timestamp: nested(20_000) }],
    ['messageId', { messageId: nested(20_000) }]
  ])('survives an event that is nested 20,000 deep in its %s; the others are as ever', async (_where, parts) => {
    const good = identify({ userId: 'good' })
    const translations = await translator.translate([good, identify(parts), good], ARRIVED)
    expect(translations).toHaveLength(3)
    for (const index of [0, 2]) expect(translations[index]).toMatchObject({ event: { identifier: 'good' } })
    expect(translations[1]?.kind).toMatch(/^(event|rejected)$/)
  })

  it.each([
    ['throws when it is read', Object.defineProperty(identify(), 'userId', { enumerable: true, get: fail })],
    [
      'throws when its traits are read',
      identify({ traits: Object.defineProperty({}, 'x', { enumerable: true, get: fail }) })
    ],
    ['has a value without a JSON text', identify({ messageId: undefined, count: 1n })],
    ['holds itself', holdsItself()]
  ])('survives an event that %s; the others are as ever', async (_what, bad) => {
    const good = identify({ userId: 'good' })
    const translations = await translator.translate([good, bad, good], ARRIVED)
    for (const index of [0, 2]) expect(translations[index]).toMatchObject({ event: { identifier: 'good' } })
    expect(translations[1]?.kind).toMatch(/^(event|rejected)$/)
    expect(JSON.stringify(translations[1])).not.toContain('secretive')
  })

  it('says of an event that is too deep for the stack that it is', async () => {
    const deep: unknown = JSON.parse(`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`)
    expect(await translateOne(identify({ traits: deep }))).toEqual({
      kind: 'rejected',
      reason: 'nested too deeply to be mapped'
    })
  })

  it('says of an event that cannot be mapped what kind of trouble it was, and no more', async () => {
    const bad = Object.defineProperty(identify(), 'userId', { enumerable: true, get: fail })
    expect(await translateOne(bad)).toEqual({ kind: 'rejected', reason: 'cannot be mapped (Error)' })
  })
})

describe('actions-core', () => {
  it('says what the translator knows it by when an event is not subscribed to', async () => {
    const destination = new Destination({
      name: 'guard',
      mode: 'cloud',
      actions: {
        act: { title: 'Act', description: 'Acts', fields: {}, perform: () => undefined, performBatch: () => undefined }
      }
    })
    const settings = {
      subscriptions: [{ name: 'x', enabled: true, subscribe: 'type = "identify"', partnerAction: 'act', mapping: {} }]
    }
    const events = [
      { type: 'identify' as const, messageId: 'm1', userId: 'u' },
      { type: 'track' as const, messageId: 'm2', event: 'x' }
    ]
    const [result] = await destination.onBatch(events, settings)
    // src/translate/capture.ts compares with this very text.
    expect(result?.multistatus?.[1]).toMatchObject({
      errormessage: 'Payload is either invalid or does not match the subscription'
    })
  })
})

function fail(): never {
  throw new Error('secretive')
}

function holdsItself(): Record<string, unknown> {
  const event = identify({ messageId: undefined })
  event.self = event
  return event
}
