import { foldUsers } from './independent-fold.js'

let messages = 0

/** An identify of user u, one second after the one before, where nothing else is said. */
function identify(parts: Record<string, unknown>): Record<string, unknown> {
  messages += 1
  const timestamp = new Date(Date.UTC(2026, 9, 1, 0, 0, messages)).toISOString()
  return { type: 'identify', messageId: `m-${messages}`, userId: 'u', timestamp, traits: {}, ...parts }
}

function fold(...events: unknown[]): Record<string, unknown> {
  return Object.fromEntries(foldUsers(events.map((event) => JSON.stringify(event))))
}

describe('the independent fold', () => {
  it('keeps the newest value of each property by event time, then by arrival', () => {
    expect(
      fold(
        identify({ timestamp: '2026-10-02T00:00:00Z', traits: { plan: 'pro', seats: 2 } }),
        identify({ timestamp: '2026-10-01T00:00:00Z', traits: { plan: 'free', name: 'Ann' } }),
        identify({ timestamp: '2026-10-02T02:00:00+02:00', traits: { seats: 3 } })
      )
    ).toEqual({ u: { plan: 'pro', seats: 3, name: 'Ann' } })
  })

  it.each([[undefined], ['soon'], ['Fri, 02 Oct 2026 00:00:00 GMT'], ['2926-10-01T00:00:00Z'], [1790812800]])(
    'takes an event with the timestamp %p to be newer than all with a usable one, in order of arrival',
    (timestamp) => {
      expect(
        fold(
          identify({ timestamp: undefined, traits: { a: 1, b: 1 } }),
          identify({ traits: { a: 2, b: 2 } }),
          identify({ timestamp, traits: { a: 3 } })
        )
      ).toEqual({ u: { a: 3, b: 1 } })
    }
  )

  it('counts a message once, the first time', () => {
    expect(
      fold(
        identify({ messageId: 'same', traits: { a: 1 } }),
        identify({ messageId: 'same', traits: { a: 2 } }),
        identify({ messageId: undefined, timestamp: undefined, traits: { b: 1 } }),
        identify({ messageId: undefined, timestamp: undefined, traits: { b: 2 } }),
        identify({ messageId: undefined, timestamp: undefined, traits: { b: 1 } })
      )
    ).toEqual({ u: { a: 1, b: 2 } })
  })

  it('keeps identifies that name a user, numbers as text', () => {
    expect(
      fold(
        identify({ userId: 7, traits: { a: 1 } }),
        identify({ userId: '7', traits: { b: 1 } }),
        identify({ userId: undefined, anonymousId: 'x', traits: { a: 1 } }),
        identify({ userId: '' }),
        identify({ type: 'track', userId: 'tracked' }),
        identify({ userId: 'bare', traits: undefined }),
        identify({ userId: 'wrong', traits: 'text' })
      )
    ).toEqual({ 7: { a: 1, b: 1 }, bare: {} })
  })

  it.each([
    [{ All: false }, false],
    [{ Dopt: false }, false],
    [{ 'Dopt (Actions)': false, Dopt: true }, false],
    [{ All: false, dopt: true }, false],
    [{ All: false, Dopt: true }, true],
    [{ All: false, 'Dopt (Actions)': { key: 1 } }, true],
    [{ All: true, Amplitude: false }, true],
    [{}, true],
    [undefined, true]
  ])('with the integrations %j the answer to "is it for us" is %p', (integrations, expected) => {
    expect('u' in fold(identify({ integrations }))).toBe(expected)
  })

  it('flattens nested traits; arrays become JSON text, empty objects vanish, null stays', () => {
    const traits = {
      address: { city: 'Utrecht', geo: { lat: 52.1, alt: null } },
      tags: ['a', { b: 1 }],
      none: [],
      company: {},
      plan: null,
      __dopt_identifier: 'evil',
      __dopt: { identifier: 'evil' }
    }
    expect(fold(identify({ traits }))).toEqual({
      u: {
        address_city: 'Utrecht',
        address_geo_lat: 52.1,
        address_geo_alt: null,
        tags: '["a",{"b":1}]',
        none: '[]',
        plan: null
      }
    })
  })

  it('lets the shallower name win a collision, and the first at the same depth', () => {
    const traits = { a: { b: { c: 'deepest' }, b_c: 'deeper' }, a_b: { c: 'second' }, x: { y: 'deep' }, x_y: 'shallow' }
    expect(fold(identify({ traits }))).toEqual({ u: { a_b_c: 'deeper', x_y: 'shallow' } })
  })

  it('keeps a trait called __proto__ as a property and passes over what is not an event', () => {
    const lines = ['', 'not JSON', '[]', 'null', '{"type":"identify","userId":"u","traits":{"__proto__":1}}']
    expect(JSON.stringify([...foldUsers(lines)])).toBe('[["u",{"__proto__":1}]]')
  })
})
