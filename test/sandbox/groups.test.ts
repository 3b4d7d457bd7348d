import { withSandbox } from './with-sandbox.js'

const named = (identifier: string, groups: string[] = []) => ({
  identifier,
  properties: {},
  groups: groups.map((group) => ({ identifier: group, properties: {} }))
})

describe('groups in the sandbox', () => {
  it('remember who was put into them, over calls', async () => {
    await withSandbox({}, async (sandbox, { post, get }) => {
      await post('/identify', named('ann', ['acme']))
      await post('/identify/batch', [named('ann', ['zeta', 'acme']), named('bob', ['acme']), named('cy')])
      await post('/identify/group', { identifier: 'alone', properties: {} })

      expect((await get('/__sandbox/memberships')).body).toEqual({ ann: ['acme', 'zeta'], bob: ['acme'] })
      expect([...(sandbox.memberships.get('ann') ?? [])]).toEqual(['acme', 'zeta'])
      await post('/__sandbox/reset')
      expect((await get('/__sandbox/memberships')).body).toEqual({})
    })
  })

  it('can be looked at one by one', async () => {
    await withSandbox({}, async (_sandbox, { post, get }) => {
      await post('/identify/group', { identifier: 'a/b', properties: { plan: 'pro' } })
      expect((await get('/__sandbox/groups/a%2Fb')).body).toEqual({ plan: 'pro' })
      expect(await get('/__sandbox/groups/none')).toMatchObject({ status: 404, body: { code: 'not_found_error' } })
    })
  })

  it('stand in the log of calls, refused ones too', async () => {
    await withSandbox({ rejectGroups: ['bad'] }, async (sandbox, { post }) => {
      await post('/identify/group', { identifier: 'bad', properties: {} })
      await post('/identify', named('ann', ['acme', 'zeta']))
      expect(sandbox.requests).toMatchObject([
        { status: 400, identifiers: [], groups: ['bad'] },
        { status: 200, identifiers: ['ann'], groups: ['acme', 'zeta'] }
      ])
    })
  })

  it('can be refused on demand, with every call that names them', async () => {
    await withSandbox({}, async (sandbox, { post }) => {
      await post('/__sandbox/faults', { rejectGroups: ['bad'] })
      expect((await post('/identify/group', { identifier: 'bad', properties: {} })).body).toEqual({
        code: 'invalid_request_error',
        details: 'the group is not acceptable'
      })
      expect((await post('/identify', named('ann', ['acme', 'bad']))).status).toBe(400)
      expect((await post('/identify/batch', [named('ann'), named('bob', ['bad'])])).status).toBe(400)
      expect((await post('/identify', named('bad'))).status).toBe(200)
      expect([...sandbox.users.keys(), ...sandbox.groups.keys()]).toEqual(['bad'])
      expect((await post('/__sandbox/faults', { rejectGroups: 'bad' })).status).toBe(400)
    })
  })
})
