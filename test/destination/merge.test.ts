import fc from 'fast-check'
import { mergeUpdates, type PropertyUpdate } from '../../src/destination/index.js'

const update = (eventTime: number, order: number, properties: PropertyUpdate['properties']): PropertyUpdate => ({
  eventTime,
  order,
  properties
})

describe('mergeUpdates', () => {
  test('gives nothing for nothing', () => {
    expect(mergeUpdates([])).toEqual({ properties: {}, supersededBy: [] })
  })

  test('keeps the newest value of each property', () => {
    const updates = [update(1, 0, { plan: 'free', name: 'Ada' }), update(2, 1, { plan: 'pro' })]
    expect(mergeUpdates(updates)).toEqual({
      properties: { plan: 'pro', name: 'Ada' },
      supersededBy: [undefined, undefined]
    })
  })

  test('goes by the time of the event, not by its place', () => {
    const updates = [update(2, 0, { plan: 'pro' }), update(1, 1, { plan: 'free' })]
    expect(mergeUpdates(updates)).toEqual({ properties: { plan: 'pro' }, supersededBy: [undefined, 0] })
  })

  test('goes by the order of arrival between events of one time', () => {
    const updates = [update(1, 8, { plan: 'pro' }), update(1, 7, { plan: 'free' })]
    expect(mergeUpdates(updates)).toEqual({ properties: { plan: 'pro' }, supersededBy: [undefined, 0] })
  })

  test('lets null replace a value', () => {
    const updates = [update(1, 0, { plan: 'pro' }), update(2, 1, { plan: null })]
    expect(mergeUpdates(updates)).toEqual({ properties: { plan: null }, supersededBy: [1, undefined] })
  })

  test('names the newest of the events that overtook one', () => {
    const updates = [update(1, 0, { a: 1, b: 1 }), update(3, 1, { b: 2 }), update(2, 2, { a: 2 })]
    expect(mergeUpdates(updates).supersededBy).toEqual([1, undefined, undefined])
  })

  test('does not name an event that is itself superseded', () => {
    const updates = [update(1, 0, { a: 1 }), update(2, 1, { a: 2 }), update(3, 2, { a: 3 })]
    expect(mergeUpdates(updates).supersededBy).toEqual([2, 2, undefined])
  })

  test('never calls an event superseded that had no properties', () => {
    const updates = [update(1, 0, {}), update(2, 1, { a: 1 })]
    expect(mergeUpdates(updates).supersededBy).toEqual([undefined, undefined])
  })

  test('treats names of Object.prototype like any other', () => {
    const tricky = JSON.parse('{"constructor":1,"toString":2,"__proto__":3}') as PropertyUpdate['properties']
    const { properties } = mergeUpdates([update(1, 0, tricky), update(2, 1, { hasOwnProperty: 4 })])
    expect(JSON.parse(JSON.stringify(properties))).toEqual(
      JSON.parse('{"constructor":1,"toString":2,"__proto__":3,"hasOwnProperty":4}')
    )
    expect('valueOf' in properties).toBe(false)
  })

  const name = fc.constantFrom('a', 'b', 'c', 'constructor', '__proto__')
  const someUpdates = fc.array(
    fc.record({
      eventTime: fc.integer({ min: 0, max: 3 }),
      properties: fc.array(fc.tuple(name, fc.integer())).map((pairs) => Object.fromEntries(pairs))
    }),
    { maxLength: 6 }
  )

  test('agrees with applying the updates one after the other, oldest first', () => {
    fc.assert(
      fc.property(someUpdates, (some) => {
        const updates = some.map((it, order) => ({ ...it, order }))
        const expected = new Map<string, unknown>()
        for (const { properties } of [...updates].sort((a, b) => a.eventTime - b.eventTime || a.order - b.order)) {
          for (const [key, value] of Object.entries(properties)) expected.set(key, value)
        }
        expect(new Map(Object.entries(mergeUpdates(updates).properties))).toEqual(expected)
      })
    )
  })

  test('supersedes exactly what a newer event overwrites whole, and names a newer event of which something is left', () => {
    fc.assert(
      fc.property(someUpdates, (some) => {
        const updates = some.map((it, order) => ({ ...it, order }))
        const { supersededBy } = mergeUpdates(updates)
        const isNewer = (a: PropertyUpdate, b: PropertyUpdate) => a.eventTime - b.eventTime || a.order - b.order
        updates.forEach((older, index) => {
          const names = Object.keys(older.properties)
          const isOvertaken = (key: string) =>
            updates.some((newer) => isNewer(newer, older) > 0 && Object.keys(newer.properties).includes(key))
          const by = supersededBy[index]
          expect(by !== undefined).toBe(names.length > 0 && names.every(isOvertaken))
          if (by === undefined) return
          const newer = updates[by]
          expect(newer !== undefined && isNewer(newer, older) > 0).toBe(true)
          expect(supersededBy[by]).toBeUndefined()
        })
      })
    )
  })

  test('does not depend on the order of the list', () => {
    fc.assert(
      fc.property(someUpdates, (some) => {
        const updates = some.map((it, order) => ({ ...it, order }))
        const sorted = (properties: object) => Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1))
        expect(sorted(mergeUpdates([...updates].reverse()).properties)).toEqual(
          sorted(mergeUpdates(updates).properties)
        )
      })
    )
  })
})
