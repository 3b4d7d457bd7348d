import { someText, withSandbox } from './with-sandbox.js'

describe('the second generation', () => {
  it('POST /identify stores one user and its groups', async () => {
    await withSandbox({}, async (sandbox, { post }) => {
      const answer = await post('/identify', {
        identifier: 'ann',
        properties: { name: 'Ann', identifier: 'a property' },
        groups: [{ identifier: 'acme', properties: { plan: 'pro' } }]
      })

      expect(answer).toMatchObject({ status: 200, text: '{}' })
      expect(Object.fromEntries(sandbox.users)).toEqual({ ann: { name: 'Ann', identifier: 'a property' } })
      expect(Object.fromEntries(sandbox.groups)).toEqual({ acme: { plan: 'pro' } })
    })
  })

  it('POST /identify/batch stores many users, who may share a group, and answers how many there were', async () => {
    await withSandbox({}, async (sandbox, { post }) => {
      const answer = await post('/identify/batch', [
        { identifier: 'ann', properties: { seats: 1 }, groups: [{ identifier: 'acme', properties: { plan: 'free' } }] },
        { identifier: 'bob', properties: {}, groups: [{ identifier: 'acme', properties: { size: 9 } }] }
      ])

      expect(answer.body).toEqual({ count: 2 })
      expect(Object.fromEntries(sandbox.users)).toEqual({ ann: { seats: 1 }, bob: {} })
      expect(Object.fromEntries(sandbox.groups)).toEqual({ acme: { plan: 'free', size: 9 } })
      expect((await post('/identify/batch', [])).body).toEqual({ count: 0 })
    })
  })

  it('POST /identify/group stores a group and no user', async () => {
    await withSandbox({}, async (sandbox, { post }) => {
      await post('/identify/group', { identifier: 'acme', properties: { plan: 'free', size: 9 } })
      const answer = await post('/identify/group', { identifier: 'acme', properties: { plan: null } })

      expect(answer.status).toBe(200)
      expect(Object.fromEntries(sandbox.groups)).toEqual({ acme: { plan: null, size: 9 } })
      expect(sandbox.users.size).toBe(0)
      expect(sandbox.stats).toMatchObject({ calls: 2, users: 0 })
    })
  })

  const good = { identifier: 'first', properties: {} }
  it.each([
    ['/identify', 'an array', [good]],
    ['/identify', 'a user without an identifier', { properties: {} }],
    ['/identify', 'flat properties', { identifier: 'ann', name: 'Ann' }],
    ['/identify', 'properties that are an array', { identifier: 'ann', properties: [] }],
    ['/identify', 'groups that are not an array', { ...good, groups: {} }],
    ['/identify', 'a group without an identifier', { ...good, groups: [{ properties: {} }] }],
    ['/identify/batch', 'an object', good],
    ['/identify/batch', 'an identifier that is a number', [good, { identifier: 7, properties: {} }]],
    ['/identify/batch', 'the key of the first generation', [good, { __dopt_identifier: 'ann', properties: {} }]],
    ['/identify/batch', 'a user named twice', [good, good]],
    ['/identify/batch', '101 users', Array.from({ length: 101 }, (_, id) => ({ identifier: `${id}`, properties: {} }))],
    ['/identify/group', 'an empty identifier', { identifier: '', properties: {} }],
    ['/identify/group', 'missing properties', { identifier: 'acme' }]
  ])('%s refuses %s with 400 and stores nothing of the call', async (path, _what, body) => {
    await withSandbox({}, async (sandbox, { post }) => {
      const answer = await post(path, body)

      expect(answer.status).toBe(400)
      expect(answer.body).toEqual({ code: 'invalid_request_error', details: someText })
      expect([sandbox.users.size, sandbox.groups.size]).toEqual([0, 0])
    })
  })

  it('refuses nested values of users and of groups when properties are strict', async () => {
    await withSandbox({ strictProperties: true }, async (sandbox, { post }) => {
      const nested = { address: { city: 'Utrecht' } }
      const group = { identifier: 'acme', properties: nested }

      expect((await post('/identify', { identifier: 'ann', properties: nested })).status).toBe(400)
      expect((await post('/identify', { identifier: 'ann', properties: {}, groups: [group] })).status).toBe(400)
      expect((await post('/identify/group', group)).status).toBe(400)
      expect([sandbox.users.size, sandbox.groups.size]).toEqual([0, 0])
    })
  })
})
