import fc from 'fast-check'
import { someText, textWith, withSandbox } from './with-sandbox.js'

describe('POST /identify/bulk', () => {
  it('creates each user with its flat properties and answers how many there were', async () => {
    await withSandbox({}, async (sandbox, { post }) => {
      const answer = await post('/identify/bulk', [
        { __dopt_identifier: 'ann', name: 'Ann', seats: 3, trial: true },
        { __dopt_identifier: 'bob', plan: null }
      ])

      expect(answer.status).toBe(200)
      expect(answer.headers['content-type']).toMatch(/^application\/json/)
      expect(answer.body).toEqual({ count: 2 })
      expect(Object.fromEntries(sandbox.users)).toEqual({
        ann: { name: 'Ann', seats: 3, trial: true },
        bob: { plan: null }
      })
    })
  })

  it('overwrites the properties that are named, null included, and leaves the others', async () => {
    await withSandbox({}, async (sandbox, { post }) => {
      await post('/identify/bulk', [{ __dopt_identifier: 'ann', name: 'Ann', plan: 'free', seats: 1 }])
      await post('/identify/bulk', [{ __dopt_identifier: 'ann', plan: 'pro', seats: null }])

      expect(sandbox.users.get('ann')).toEqual({ name: 'Ann', plan: 'pro', seats: null })
    })
  })

  it('counts an empty array as no users, and takes a user without properties', async () => {
    await withSandbox({}, async (sandbox, { post }) => {
      expect((await post('/identify/bulk', [])).body).toEqual({ count: 0 })
      expect((await post('/identify/bulk', [{ __dopt_identifier: 'ann' }])).body).toEqual({ count: 1 })
      expect(Object.fromEntries(sandbox.users)).toEqual({ ann: {} })
    })
  })

  it('takes 100 users and refuses 101', async () => {
    const users = Array.from({ length: 101 }, (_, index) => ({ __dopt_identifier: `user-${index}` }))
    await withSandbox({}, async (sandbox, { post }) => {
      const refused = await post('/identify/bulk', users)
      expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request_error' } })
      expect(sandbox.users.size).toBe(0)
      expect(sandbox.stats.maxBatch).toBe(101)

      expect((await post('/identify/bulk', users.slice(1))).body).toEqual({ count: 100 })
      expect(sandbox.users.size).toBe(100)
    })
  })

  it.each<[string, unknown]>([
    ['a body that is not JSON', '[{"__dopt_identifier":'],
    ['an empty body', ''],
    ['an object instead of an array', { __dopt_identifier: 'bob' }],
    ['an entry that is not an object', [{ __dopt_identifier: 'bob' }, 'ann']],
    ['an entry that is null', [null]],
    ['an entry that is an array', [[]]],
    ['a user without __dopt_identifier', [{ name: 'Bob' }]],
    ['an identifier that is a number', [{ __dopt_identifier: 7 }]],
    ['an identifier that is null', [{ __dopt_identifier: null }]],
    ['an identifier that is empty', [{ __dopt_identifier: '' }]],
    ['a user named twice', [{ __dopt_identifier: 'bob' }, { __dopt_identifier: 'ann' }, { __dopt_identifier: 'bob' }]]
  ])('refuses %s with 400 and stores nothing of the call', async (_what, body) => {
    await withSandbox({}, async (sandbox, { post }) => {
      const good: unknown[] = [{ __dopt_identifier: 'first' }]
      const answer = await post('/identify/bulk', Array.isArray(body) ? good.concat(body) : body)

      expect(answer.status).toBe(400)
      expect(answer.body).toEqual({ code: 'invalid_request_error', details: someText })
      expect(sandbox.users.size).toBe(0)
    })
  })

  it('refuses identifier in place of __dopt_identifier, and takes it as a property beside it', async () => {
    await withSandbox({}, async (sandbox, { post }) => {
      const refused = await post('/identify/bulk', [{ __dopt_identifier: 'ann' }, { identifier: 'bob' }])
      expect(refused.status).toBe(400)
      expect(refused.body).toMatchObject({
        details: textWith('has identifier instead of __dopt_identifier')
      })

      await post('/identify/bulk', [{ __dopt_identifier: 'bob', identifier: 'B-7' }])
      expect(Object.fromEntries(sandbox.users)).toEqual({ bob: { identifier: 'B-7' } })
    })
  })

  it('does not say which user of a call is wrong, and repeats no value', async () => {
    await withSandbox({}, async (_sandbox, { post }) => {
      const answer = await post('/identify/bulk', [
        { __dopt_identifier: 'ann', email: 'ann@example.com' },
        { __dopt_identifier: 'ann', email: 'ann@example.com' }
      ])
      expect(answer.status).toBe(400)
      expect(answer.text).not.toContain('ann')
    })
  })

  it('takes nested values as they are, and refuses them when properties are strict', async () => {
    await withSandbox({}, async (sandbox, { post }) => {
      const users = [
        { __dopt_identifier: 'bob', plan: null },
        { __dopt_identifier: 'ann', address: { city: 'Utrecht' }, tags: ['a'] }
      ]
      await post('/identify/bulk', users)
      expect(sandbox.users.get('ann')).toEqual({ address: { city: 'Utrecht' }, tags: ['a'] })

      sandbox.reset()
      sandbox.setFaults({ strictProperties: true })
      expect((await post('/identify/bulk', users)).status).toBe(400)
      expect((await post('/identify/bulk', [{ __dopt_identifier: 'ann', tags: [] }])).status).toBe(400)
      expect(sandbox.users.size).toBe(0)
      expect((await post('/identify/bulk', users.slice(0, 1))).status).toBe(200)
    })
  })

  it('keeps properties and users called __proto__ and constructor as data, harming no object', async () => {
    await withSandbox({}, async (sandbox, { post, get }) => {
      const body =
        '[{"__dopt_identifier":"__proto__","__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}},' +
        '{"__dopt_identifier":"constructor","toString":"text"}]'
      expect((await post('/identify/bulk', body)).body).toEqual({ count: 2 })
      expect((await post('/identify/bulk', '[{"__dopt_identifier":"__proto__","__proto__":"again"}]')).status).toBe(200)

      expect((await get('/__sandbox/users')).text).toBe(
        '{"__proto__":{"__proto__":"again","constructor":{"prototype":{"polluted":true}}},"constructor":{"toString":"text"}}'
      )
      expect('polluted' in {}).toBe(false)
      const user = sandbox.users.get('__proto__')
      expect(user && Object.getPrototypeOf(user)).toBe(Object.prototype)
    })
  })

  it('holds for any user the newest value of each property that was ever named', async () => {
    const identifier = fc.constantFrom('a', 'b', '__proto__', 'ü/?')
    const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null))
    const properties = fc.dictionary(fc.constantFrom('x', 'y', 'constructor', '漢字'), value, { noNullPrototype: true })
    const call = fc.uniqueArray(fc.record({ identifier, properties }), { selector: (user) => user.identifier })

    await withSandbox({}, async (sandbox, { post }) => {
      await fc.assert(
        fc.asyncProperty(fc.array(call, { maxLength: 5 }), async (calls) => {
          sandbox.reset()
          const expected = new Map<string, Map<string, unknown>>()
          for (const users of calls) {
            await post(
              '/identify/bulk',
              users.map((user) => ({ ...user.properties, __dopt_identifier: user.identifier }))
            )
            for (const user of users) {
              const held = expected.get(user.identifier) ?? new Map<string, unknown>()
              for (const [name, property] of Object.entries(user.properties)) held.set(name, property)
              expected.set(user.identifier, held)
            }
          }
          const held = [...sandbox.users].map(([id, user]) => [id, new Map(Object.entries(user))] as const)
          expect(new Map(held)).toEqual(expected)
        }),
        { numRuns: 50 }
      )
    })
  })
})
