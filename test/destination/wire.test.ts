import fc from 'fast-check'
import {
  checkKeyRequest,
  BODY_FRAME_BYTES,
  entryBytes,
  manyUsersPath,
  manyUsersRequest,
  oneUserRequest,
  parseCount,
  type Api,
  type UserEntry
} from '../../src/destination/index.js'

const APIS: Api[] = ['bulk', 'batch']
const ADA: UserEntry = { identifier: 'ada', properties: '{"plan":"pro","age":36}' }
const BOB: UserEntry = { identifier: 'bob', properties: '{}' }

const anyUser = fc.record({
  identifier: fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constantFrom('bulk', '..', '\ud800')),
  properties: fc
    .dictionary(
      fc.string().filter((name) => name !== '__proto__'),
      fc.string()
    )
    .map((it) => JSON.stringify(it))
})

describe('manyUsersRequest', () => {
  test('puts the identifier first into flat users of the bulk generation', () => {
    expect(manyUsersRequest('bulk', [ADA, BOB])).toEqual({
      path: '/identify/bulk',
      body: '[{"__dopt_identifier":"ada","plan":"pro","age":36},{"__dopt_identifier":"bob"}]'
    })
  })

  test('keeps identifier and properties apart in the batch generation', () => {
    expect(manyUsersRequest('batch', [ADA, BOB])).toEqual({
      path: '/identify/batch',
      body: '[{"identifier":"ada","properties":{"plan":"pro","age":36}},{"identifier":"bob","properties":{}}]'
    })
  })

  test('writes JSON for any identifier and properties', () => {
    fc.assert(
      fc.property(fc.constantFrom(...APIS), fc.array(anyUser, { maxLength: 5 }), (api, users) => {
        const parsed: unknown = JSON.parse(manyUsersRequest(api, users).body)
        const expected = users.map(({ identifier, properties }) => {
          const named = JSON.parse(properties) as Record<string, string>
          return api === 'bulk' ? { __dopt_identifier: identifier, ...named } : { identifier, properties: named }
        })
        expect(parsed).toEqual(expected)
      })
    )
  })
})

describe('oneUserRequest', () => {
  test('puts the identifier into the path of the bulk generation', () => {
    expect(oneUserRequest('bulk', ADA)).toEqual({ path: '/identify/ada', body: ADA.properties })
  })

  test('puts the identifier into the body of the batch generation', () => {
    expect(oneUserRequest('batch', ADA)).toEqual({
      path: '/identify',
      body: '{"identifier":"ada","properties":{"plan":"pro","age":36}}'
    })
  })

  test.each([
    ['a/b?c#d%', '/identify/a%2Fb%3Fc%23d%25'],
    ['ü 😀', '/identify/%C3%BC%20%F0%9F%98%80'],
    ['%2e%2e', '/identify/%252e%252e'],
    ['...', '/identify/...'],
    ['bulky', '/identify/bulky'],
    ['x'.repeat(500), `/identify/${'x'.repeat(500)}`]
  ])('percent-encodes %s whole', (identifier, path) => {
    expect(oneUserRequest('bulk', { identifier, properties: '{}' }).path).toBe(path)
  })

  test.each([
    '.',
    '..',
    'bulk',
    'batch',
    'segment',
    'group',
    'BULK',
    'Group',
    '\ud800',
    'a\udc00b',
    '',
    '😀'.repeat(500)
  ])('sends %j, which has no path of its own, as a list of one', (identifier) => {
    const user = { identifier, properties: '{"plan":"pro"}' }
    expect(oneUserRequest('bulk', user)).toEqual(manyUsersRequest('bulk', [user]))
  })

  test('never lets an identifier reach another path', () => {
    fc.assert(
      fc.property(anyUser, (user) => {
        const { path } = oneUserRequest('bulk', user)
        const { pathname, search, hash } = new URL(path, 'https://users.dopt.com')
        expect(pathname + search + hash).toBe(path)
        if (path !== manyUsersPath('bulk'))
          expect(decodeURIComponent(path.slice('/identify/'.length))).toBe(user.identifier)
      })
    )
  })
})

test('checkKeyRequest sends nobody to the endpoint of many users', () => {
  expect(checkKeyRequest('bulk')).toEqual({ path: '/identify/bulk', body: '[]' })
  expect(checkKeyRequest('batch')).toEqual({ path: '/identify/batch', body: '[]' })
})

describe('parseCount', () => {
  test.each<[unknown, number]>([
    [{ count: 0 }, 0],
    [{ count: 100, more: true }, 100],
    ['{"count":7}', 7]
  ])('reads %j', (body, count) => {
    expect(parseCount(body)).toBe(count)
  })

  test.each<[unknown]>([
    [undefined],
    [null],
    [''],
    ['OK'],
    ['<html></html>'],
    ['7'],
    [7],
    [[]],
    [{}],
    [{ count: '7' }],
    [{ count: -1 }],
    [{ count: 1.5 }],
    [{ count: NaN }],
    [{ count: 1e300 }],
    [{ count: null }],
    ['{"count":']
  ])('does not read %j', (body) => {
    expect(parseCount(body)).toBeUndefined()
  })
})

test('entryBytes and BODY_FRAME_BYTES add up to the body', () => {
  fc.assert(
    fc.property(fc.constantFrom(...APIS), fc.array(anyUser, { minLength: 1, maxLength: 5 }), (api, users) => {
      const sum = users.reduce((bytes, user) => bytes + entryBytes(api, user), 0)
      expect(BODY_FRAME_BYTES + sum).toBe(Buffer.byteLength(manyUsersRequest(api, users).body))
    })
  )
})
