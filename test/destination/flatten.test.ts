import fc from 'fast-check'
import { flattenProperties, flattenToText } from '../../src/destination/index.js'

/** Object literals cannot have an own key `__proto__`; parsed JSON can. */
const parsed = (text: string) => JSON.parse(text) as object

function nest(levels: number, inner: unknown): object {
  let value: unknown = inner
  for (let level = 0; level < levels; level++) value = { a: value }
  return { a: value }
}

describe.each(['flatten', 'stringify', 'drop'] as const)('flattenProperties in mode %s', (mode) => {
  test('keeps strings, numbers, booleans and nulls', () => {
    const traits = { name: 'Ada', empty: '', age: 36, zero: 0, admin: false, plan: null }
    expect(flattenProperties(traits, mode)).toEqual(traits)
  })

  test('makes ISO text of a Date', () => {
    expect(flattenProperties({ at: new Date(0) }, mode)).toEqual({ at: '1970-01-01T00:00:00.000Z' })
  })

  test('leaves out what has no JSON form', () => {
    const traits = {
      a: undefined,
      b: () => 1,
      c: Symbol('c'),
      d: 1n,
      e: NaN,
      f: Infinity,
      g: -Infinity,
      h: new Date(NaN)
    }
    expect(flattenProperties(traits, mode)).toEqual({})
  })

  test('leaves out the key that would overwrite the identity', () => {
    expect(flattenProperties({ __dopt_identifier: 'mallory', plan: 'pro' }, mode)).toEqual({ plan: 'pro' })
  })

  test('is not harmed by a key __proto__', () => {
    const result = flattenProperties(parsed('{"__proto__":{"polluted":true},"constructor":"c","plan":"pro"}'), mode)
    expect(JSON.parse(JSON.stringify(result))).toMatchObject({ constructor: 'c', plan: 'pro' })
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype)
    expect('polluted' in {}).toBe(false)
  })

  test('keeps the prototype of its result when __proto__ is null', () => {
    const result = flattenProperties(parsed('{"__proto__":null,"plan":"pro"}'), mode)
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype)
    expect(Object.keys(result)).toEqual(['plan'])
  })

  test('looks at own keys only', () => {
    const traits: object = Object.assign(Object.create({ inherited: 1 }) as object, { own: 2 })
    expect(flattenProperties(traits, mode)).toEqual({ own: 2 })
  })

  test('does not change its input', () => {
    const traits = { address: { city: 'Rome' }, tags: ['a'] }
    flattenProperties(traits, mode)
    expect(traits).toEqual({ address: { city: 'Rome' }, tags: ['a'] })
  })

  test('survives nesting thousands of levels deep', () => {
    expect(() => flattenProperties(nest(100_000, 1), mode)).not.toThrow()
    expect(() => flattenProperties({ list: Array.from({ length: 3 }, () => nest(100_000, 1)) }, mode)).not.toThrow()
  })

  test('survives a cycle', () => {
    const traits: Record<string, unknown> = { plan: 'pro' }
    traits.self = traits
    expect(flattenProperties(traits, mode)).toMatchObject({ plan: 'pro' })
  })

  test('gives only finite plain values, under names that are safe, for anything', () => {
    fc.assert(
      fc.property(fc.object({ withDate: true, withBigInt: true, withNullPrototype: true }), (traits) => {
        for (const [name, value] of Object.entries(flattenProperties(traits, mode))) {
          expect(['__dopt_identifier', '__proto__']).not.toContain(name)
          expect(value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value)).toBe(true)
        }
      })
    )
  })

  test('has a text that is that of its object, whatever is in it', () => {
    const names = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('7', '0', '__proto__', 'toJSON', 'a', 'a_b'))
    const values = [fc.string({ unit: 'binary' }), fc.double(), fc.boolean(), fc.constant(null), fc.constant(undefined)]
    fc.assert(
      fc.property(fc.object({ key: names, values, withDate: true, withNullPrototype: true }), (traits) => {
        expect(flattenToText(traits, mode)).toBe(JSON.stringify(flattenProperties(traits, mode)))
      }),
      { numRuns: 500 }
    )
    class Traits {
      plan = 'pro'
      toJSON = () => ({ plan: 'other' })
    }
    for (const traits of [
      { plan: 'pro', seats: NaN },
      new Traits(),
      { toJSON: () => 'x', plan: 'pro' },
      [],
      new Date(0),
      { tags: ['vip', '', 'e-mail'], none: [], odd: ['a"b', 'ü', '\n'], mixed: ['a', 1, null], holes: new Array(2) },
      { tags: Object.assign(['a'], { toJSON: () => 'other' }) }
    ]) {
      expect(flattenToText(traits, mode)).toBe(JSON.stringify(flattenProperties(traits, mode)))
    }
  })

  test('leaves a flat object as it is', () => {
    const flat = fc.dictionary(
      fc.string().filter((name) => name !== '__proto__' && name !== '__dopt_identifier'),
      fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null))
    )
    fc.assert(fc.property(flat, (traits) => expect(flattenProperties(traits, mode)).toEqual({ ...traits })))
  })
})

describe('flattenProperties', () => {
  test('joins the names of nested values with an underscore', () => {
    const traits = { address: { city: 'Rome', geo: { lat: 41.9, lon: null } } }
    expect(flattenProperties(traits, 'flatten')).toEqual({
      address_city: 'Rome',
      address_geo_lat: 41.9,
      address_geo_lon: null
    })
  })

  test('makes JSON text of an array', () => {
    expect(flattenProperties({ tags: ['a', { b: 1 }], none: [] }, 'flatten')).toEqual({
      tags: '["a",{"b":1}]',
      none: '[]'
    })
  })

  test('gets nothing from an empty object', () => {
    expect(flattenProperties({ address: {}, company: { address: {} } }, 'flatten')).toEqual({})
  })

  test('makes JSON text of nested values in mode stringify', () => {
    expect(flattenProperties({ address: { city: 'Rome' }, tags: [1], none: {} }, 'stringify')).toEqual({
      address: '{"city":"Rome"}',
      tags: '[1]',
      none: '{}'
    })
  })

  test('leaves nested values out in mode drop', () => {
    expect(flattenProperties({ address: { city: 'Rome' }, tags: [1], plan: 'pro' }, 'drop')).toEqual({ plan: 'pro' })
  })

  test('lets the shallower of two values have the name, wherever it stands', () => {
    const city = { address: { city: 'nested' }, address_city: 'own' }
    expect(flattenProperties(city, 'flatten')).toEqual({ address_city: 'own' })
    const deep = { a: { b: { c: 'deep' } }, a_b: { c: 'shallower' } }
    expect(flattenProperties(deep, 'flatten')).toEqual({ a_b_c: 'shallower' })
  })

  test('lets the first of two values at one depth have the name', () => {
    expect(flattenProperties({ a_b: { c: 1 }, a: { b_c: 2 } }, 'flatten')).toEqual({ a_b_c: 1 })
    expect(flattenProperties({ a: { b_c: 2 }, a_b: { c: 1 } }, 'flatten')).toEqual({ a_b_c: 2 })
  })

  test('lets a value that is left out claim no name', () => {
    expect(flattenProperties({ a_b: undefined, a: { b: 1 } }, 'flatten')).toEqual({ a_b: 1 })
  })

  test('leaves out reserved names that flattening makes', () => {
    const traits = { __dopt: { identifier: 'mallory' }, _: { proto__: 1, dopt_identifier: 'mallory' } }
    expect(flattenProperties(traits, 'flatten')).toEqual({})
  })

  test('makes JSON text of what lies deeper than 32 names', () => {
    const name = Array.from({ length: 32 }, () => 'a').join('_')
    expect(flattenProperties(nest(31, 1), 'flatten')).toEqual({ [name]: 1 })
    expect(flattenProperties(nest(33, 1), 'flatten')).toEqual({ [name]: '{"a":{"a":1}}' })
  })

  test('makes JSON text of an object with a longer name than 256 characters, which would be repeated for each property', () => {
    const [long, longer] = ['a'.repeat(256), 'a'.repeat(257)]
    expect(flattenProperties({ [long]: { b: 1 }, [longer]: { b: 1 } }, 'flatten')).toEqual({
      [longer]: '{"b":1}',
      [`${long}_b`]: 1
    })
    expect(flattenProperties({ [long]: { b: { c: 1 } } }, 'flatten')).toEqual({ [`${long}_b`]: '{"c":1}' })
    const leaves = Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`a${index}`, index]))
    for (const name of ['a'.repeat(17_000), `${'a'.repeat(200)}`]) {
      const traits = { [name]: leaves }
      const text = flattenToText(traits, 'flatten')
      expect(text).toBe(JSON.stringify(flattenProperties(traits, 'flatten')))
      expect(text.length).toBeLessThan(30 * JSON.stringify(traits).length)
    }
  })

  test('names every plain value of a nested object by its path', () => {
    const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null))
    const key = fc.stringMatching(/^[a-z]{1,3}$/)
    const { tree } = fc.letrec<{ tree: Record<string, unknown> }>((tie) => ({
      tree: fc.dictionary(key, fc.oneof({ maxDepth: 4 }, leaf, tie('tree')))
    }))
    fc.assert(
      fc.property(tree, (traits) => {
        // Without underscores in the keys no two paths have the same name.
        expect(flattenProperties(traits, 'flatten')).toEqual(Object.fromEntries(pathsOf(traits, [])))
      })
    )
  })
})

function pathsOf(value: unknown, path: string[]): Array<[string, unknown]> {
  if (typeof value !== 'object' || value === null) return [[path.join('_'), value]]
  return Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))
}
