import fc from 'fast-check'
import { manyUsersRequest } from '../../../src/destination/index.js'
import { packCalls } from '../../../src/destination/identify-user/pack-calls.js'

describe('packCalls', () => {
  test('counts every byte of the body', () => {
    const two = ['ada', 'bob'].map((identifier, index) => ({
      user: { identifier, properties: '{"a":"ü"}' },
      indices: [index]
    }))
    const entries = two.map(({ user }) => user)
    for (const api of ['bulk', 'batch'] as const) {
      const bytes = Buffer.byteLength(manyUsersRequest(api, entries).body)
      expect(packCalls(api, two, bytes).calls).toHaveLength(1)
      expect(packCalls(api, two, bytes - 1).calls).toHaveLength(2)
    }
  })

  test('puts every user that fits into exactly one call, in order, within both limits, wasting no room', () => {
    const anyUsers = fc.array(fc.string({ maxLength: 30 }), { maxLength: 260 })
    fc.assert(
      fc.property(
        anyUsers,
        fc.constantFrom('bulk', 'batch'),
        fc.integer({ min: 40, max: 6_000 }),
        (notes, api, maxBodyBytes) => {
          const all = notes.map((note, index) => ({
            user: { identifier: String(index), properties: JSON.stringify({ note }) },
            indices: [index]
          }))
          const bytesOf = (call: typeof all) =>
            Buffer.byteLength(
              manyUsersRequest(
                api,
                call.map(({ user }) => user)
              ).body
            )
          const { calls, tooLarge } = packCalls(api, all, maxBodyBytes)
          expect(tooLarge).toEqual(all.filter((user) => bytesOf([user]) > maxBodyBytes))
          expect(calls.flat()).toEqual(all.filter((user) => !tooLarge.includes(user)))
          calls.forEach((call, index) => {
            expect(call.length).toBeGreaterThan(0)
            expect(call.length).toBeLessThanOrEqual(100)
            expect(bytesOf(call)).toBeLessThanOrEqual(maxBodyBytes)
            const next = calls[index + 1]?.[0]
            if (next !== undefined && call.length < 100) expect(bytesOf([...call, next])).toBeGreaterThan(maxBodyBytes)
          })
        }
      ),
      { numRuns: 50 }
    )
  })
})
