import { textWith, withSandbox } from './with-sandbox.js'

describe('looking around', () => {
  it('shows all users, one user and all groups without a key', async () => {
    await withSandbox({}, async (_sandbox, { post, get }) => {
      await post('/identify/a%2Fb', { plan: 'pro' })
      await post('/identify/group', { identifier: 'acme', properties: { size: 9 } })

      expect((await get('/__sandbox/users')).body).toEqual({ 'a/b': { plan: 'pro' } })
      expect((await get('/__sandbox/users/a%2Fb')).body).toEqual({ plan: 'pro' })
      expect((await get('/__sandbox/groups')).body).toEqual({ acme: { size: 9 } })
      expect(await get('/__sandbox/users/nobody')).toMatchObject({ status: 404, body: { code: 'not_found_error' } })
      expect(await get('/__sandbox/nothing')).toMatchObject({ status: 404, body: { code: 'not_found_error' } })
    })
  })

  it('shows each call with path, status, identifiers and time, and never the key or a value', async () => {
    await withSandbox({ rejectUsers: ['bob'] }, async (sandbox, { post, get }) => {
      const before = Date.now()
      await post('/identify/bulk?x-api-key=sandbox-key', [{ __dopt_identifier: 'ann', email: 'ann@example.com' }])
      await post('/identify/bulk', [{ __dopt_identifier: 'ann' }, { __dopt_identifier: 'bob' }])
      await post('/identify/c%20d', {}, { 'x-api-key': 'a-wrong-key' })

      const { text, body } = await get('/__sandbox/requests')
      expect(body).toEqual([
        expect.objectContaining({ method: 'POST', path: '/identify/bulk', status: 200, identifiers: ['ann'] }),
        expect.objectContaining({ path: '/identify/bulk', status: 400, identifiers: ['ann', 'bob'] }),
        expect.objectContaining({ path: '/identify/c%20d', status: 401, identifiers: [] })
      ])
      expect(text).not.toMatch(/key|example\.com/)
      expect(body).toEqual(sandbox.requests)
      for (const { time } of sandbox.requests) {
        expect(new Date(time).toISOString()).toBe(time)
        expect(Date.parse(time)).toBeGreaterThanOrEqual(before)
      }
    })
  })

  it('keeps the last 1,000 calls, oldest first, and counts them all', async () => {
    await withSandbox({}, async (sandbox, { post }) => {
      for (let from = 0; from < 1_050; from += 50) {
        await Promise.all(Array.from({ length: 50 }, (_, index) => post(`/identify/u${from + index}`, {})))
      }
      expect(sandbox.requests).toHaveLength(1_000)
      const numbers = sandbox.requests.map(({ identifiers }) => Number(identifiers[0]?.slice(1)))
      expect(Math.min(...numbers)).toBe(50)
      const rounds = numbers.map((number) => Math.floor(number / 50))
      expect(rounds).toEqual([...rounds].sort((a, b) => a - b))
      expect(sandbox.stats).toEqual({ calls: 1_050, users: 1_050, byStatus: { 200: 1_050 }, maxBatch: 1 })
    })
  })

  it('counts the users of successful calls only, and the largest call of all', async () => {
    await withSandbox({ rejectUsers: ['bad'] }, async (_sandbox, { post, get }) => {
      await post('/identify/bulk', [
        { __dopt_identifier: 'a' },
        { __dopt_identifier: 'b' },
        { __dopt_identifier: 'bad' }
      ])
      await post('/identify/bulk', [{ __dopt_identifier: 'a' }, { __dopt_identifier: 'b' }])
      await get('/__sandbox/users')

      expect((await get('/__sandbox/stats')).body).toEqual({
        calls: 2,
        users: 2,
        byStatus: { 200: 1, 400: 1 },
        maxBatch: 3
      })
    })
  })

  it('takes faults by the names of the contract; what is not named stays', async () => {
    await withSandbox({}, async (sandbox, { post }) => {
      const ann = [{ __dopt_identifier: 'ann', nested: {} }]
      expect((await post('/__sandbox/faults', { failRate: 1, failStatus: 429, retryAfter: 3 })).status).toBe(200)
      await post('/__sandbox/faults', { failStatus: 503 })
      const failed = await post('/identify/bulk', ann)
      expect(failed.status).toBe(503)
      expect(failed.headers['retry-after']).toBe('3')

      await post('/__sandbox/faults', { retryAfter: null })
      expect((await post('/identify/bulk', ann)).headers['retry-after']).toBeUndefined()

      await post('/__sandbox/faults', { failRate: 0, strictProperties: true })
      expect((await post('/identify/bulk', ann)).status).toBe(400)
      await post('/__sandbox/faults', { strictProperties: false, rejectUsers: ['ann'] })
      expect((await post('/identify/bulk', ann)).status).toBe(400)
      await post('/__sandbox/faults', { rejectUsers: [], countOffset: 5 })
      expect((await post('/identify/bulk', ann)).body).toEqual({ count: 6 })
      await post('/__sandbox/faults', { latency: 30 })
      const started = performance.now()
      await post('/identify/bulk', ann)
      expect(performance.now() - started).toBeGreaterThanOrEqual(28)
      await post('/__sandbox/faults', { latency: 0, apiKey: 'another' })
      expect((await post('/identify/bulk', ann)).status).toBe(401)
      await post('/__sandbox/faults', { dropRate: 1 })
      await expect(post('/identify/bulk', ann, { 'x-api-key': 'another' })).rejects.toThrow()
      expect(sandbox.stats.byStatus[0]).toBe(1)
    })
  })

  it.each([
    [{ failrate: 1 }, 'latency, failRate, failStatus'],
    [{ latencyMs: 5 }, 'latency, failRate, failStatus'],
    [{ constructor: 1 }, 'latency, failRate, failStatus'],
    [[], 'latency, failRate, failStatus'],
    [{ apiKey: 'changed', latency: '5' }, 'latency must be milliseconds'],
    [{ failRate: 1.5 }, 'failRate must be a number from 0 to 1'],
    [{ failStatus: 200 }, 'failStatus must be a status from 300 to 599'],
    [{ retryAfter: 1.5 }, 'retryAfter must be whole seconds'],
    [{ rejectUsers: ['ann', 7] }, 'rejectUsers must be an array'],
    [{ strictProperties: 1 }, 'strictProperties must be true or false'],
    [{ apiKey: '' }, 'apiKey must be a non-empty string'],
    [{ dropRate: null }, 'dropRate must be a number'],
    [{ countOffset: 0.5 }, 'countOffset must be a whole number'],
    ['{', 'not valid JSON']
  ])('refuses the faults %j with a 400 that says what is allowed, and changes nothing', async (faults, message) => {
    await withSandbox({}, async (_sandbox, { post }) => {
      const answer = await post('/__sandbox/faults', faults)

      expect(answer.status).toBe(400)
      expect(answer.body).toEqual({ code: 'invalid_request_error', details: textWith(message) })
      expect((await post('/identify/bulk', [])).body).toEqual({ count: 0 })
    })
  })

  it('reset puts everything back to how it was at the start', async () => {
    await withSandbox({ countOffset: 1 }, async (sandbox, { post, get }) => {
      await post('/identify/bulk', [{ __dopt_identifier: 'ann' }])
      await post('/identify/group', { identifier: 'acme', properties: {} })
      await post('/__sandbox/faults', { countOffset: 2, rejectUsers: ['ann'] })

      expect((await post('/__sandbox/reset', '', { 'content-type': 'text/plain' })).status).toBe(200)

      expect((await get('/__sandbox/users')).body).toEqual({})
      expect((await get('/__sandbox/groups')).body).toEqual({})
      expect((await get('/__sandbox/requests')).body).toEqual([])
      expect(sandbox.stats).toEqual({ calls: 0, users: 0, byStatus: {}, maxBatch: 0 })
      expect((await post('/identify/bulk', [{ __dopt_identifier: 'ann' }])).body).toEqual({ count: 2 })
    })
  })
})
