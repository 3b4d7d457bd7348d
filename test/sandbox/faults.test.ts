import { drawing, someText, withSandbox } from './with-sandbox.js'

const ANN = [{ __dopt_identifier: 'ann', plan: 'pro' }]

describe('faults', () => {
  it('a share of the calls fails with the chosen status, in the documented shape, and changes nothing', async () => {
    const options = { failRate: 0.5, failStatus: 503, retryAfterS: 7, random: drawing(0.4, 0.6) }
    await withSandbox(options, async (sandbox, { post }) => {
      const failed = await post('/identify/bulk', ANN)
      expect(failed.status).toBe(503)
      expect(failed.headers['retry-after']).toBe('7')
      expect(failed.body).toEqual({ code: 'internal_server_error', details: someText })
      expect(sandbox.users.size).toBe(0)

      const passed = await post('/identify/bulk', ANN)
      expect(passed.status).toBe(200)
      expect(passed.headers['retry-after']).toBeUndefined()
      expect(sandbox.users.size).toBe(1)
    })
  })

  it('fails with 500 and without Retry-After when nothing else is said, invalid calls included', async () => {
    await withSandbox({ failRate: 1 }, async (_sandbox, { post }) => {
      const answer = await post('/identify/bulk', 'not JSON')
      expect(answer).toMatchObject({ status: 500, body: { code: 'internal_server_error' } })
      expect(answer.headers['retry-after']).toBeUndefined()
    })
  })

  it.each([
    [429, 'invalid_request_error'],
    [403, 'unauthorized_error'],
    [404, 'not_found_error'],
    [302, 'invalid_request_error'],
    [502, 'internal_server_error']
  ])('a chosen %i carries the code %s', async (failStatus, code) => {
    await withSandbox({ failRate: 1, failStatus }, async (_sandbox, { post }) => {
      expect(await post('/identify', {})).toMatchObject({ status: failStatus, body: { code } })
    })
  })

  it('a dropped call is cut off before it took effect or after it, half and half', async () => {
    const options = { dropRate: 0.3, random: drawing(0.2, 0.4, 0.2, 0.6, 0.3) }
    await withSandbox(options, async (sandbox, { post }) => {
      await expect(post('/identify/before', { plan: 'pro' })).rejects.toMatchObject({ code: 'ECONNRESET' })
      await expect(post('/identify/after', { plan: 'pro' })).rejects.toMatchObject({ code: 'ECONNRESET' })
      expect((await post('/identify/third', {})).status).toBe(200)

      expect([...sandbox.users.keys()]).toEqual(['after', 'third'])
      expect(sandbox.stats).toMatchObject({ calls: 3, users: 1, byStatus: { 0: 2, 200: 1 } })
    })
  })

  it('a call that is not valid can be dropped too, and has no effect', async () => {
    await withSandbox({ dropRate: 1, random: drawing(0.9) }, async (sandbox, { post }) => {
      await expect(post('/identify/bulk', [...ANN, { __dopt_identifier: 7 }])).rejects.toMatchObject({
        code: 'ECONNRESET'
      })
      expect(sandbox.users.size).toBe(0)
    })
  })

  it('latency holds back every answer, the refusals too', async () => {
    await withSandbox({ latencyMs: 40 }, async (sandbox, { post }) => {
      const started = performance.now()
      await Promise.all([
        post('/identify/bulk', ANN),
        post('/nothing'),
        post('/identify', {}, { 'x-api-key': 'wrong' })
      ])
      expect(performance.now() - started).toBeGreaterThanOrEqual(38)
      expect(sandbox.requests.map(({ durationMs }) => durationMs >= 38)).toEqual([true, true, true])
    })
  })

  it('latency holds back a cut as well', async () => {
    await withSandbox({ latencyMs: 40, dropRate: 1 }, async (_sandbox, { post }) => {
      const started = performance.now()
      await expect(post('/identify/bulk', ANN)).rejects.toThrow()
      expect(performance.now() - started).toBeGreaterThanOrEqual(38)
    })
  })

  it('a call that names a rejected user is a 400 as a whole, which does not say who it was', async () => {
    await withSandbox({ rejectUsers: ['bad/user'] }, async (sandbox, { post }) => {
      const refused = await post('/identify/bulk', [...ANN, { __dopt_identifier: 'bad/user' }])
      expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request_error' } })
      expect(refused.text).not.toMatch(/bad|ann/)
      expect((await post('/identify/bad%2Fuser', {})).status).toBe(400)
      expect((await post('/identify', { identifier: 'bad/user', properties: {} })).status).toBe(400)
      expect((await post('/identify/batch', [{ identifier: 'bad/user', properties: {} }])).status).toBe(400)
      expect(sandbox.users.size).toBe(0)
      expect((await post('/identify/bulk', ANN)).status).toBe(200)
    })
  })

  it('a count can be made to differ from the users sent', async () => {
    await withSandbox({ countOffset: -1 }, async (_sandbox, { post }) => {
      expect((await post('/identify/bulk', ANN)).body).toEqual({ count: 0 })
      expect((await post('/identify/batch', [{ identifier: 'a', properties: {} }])).body).toEqual({ count: 0 })
    })
  })

  it('a changed key is the only one accepted, until reset', async () => {
    await withSandbox({}, async (sandbox, { post }) => {
      sandbox.setFaults({ apiKey: 'another' })
      expect((await post('/identify/bulk', ANN)).status).toBe(401)
      expect((await post('/identify/bulk', ANN, { 'x-api-key': 'another' })).status).toBe(200)
      sandbox.reset()
      expect((await post('/identify/bulk', ANN)).status).toBe(200)
    })
  })

  it('values that make no sense are refused at the start and later, and change nothing', async () => {
    const bad = new RangeError('failRate must be a number from 0 to 1')
    await expect(withSandbox({ failRate: 2 }, async () => {})).rejects.toEqual(bad)
    await withSandbox({}, async (sandbox, { post }) => {
      expect(() => sandbox.setFaults({ apiKey: 'another', failRate: NaN })).toThrow(bad)
      expect(() => sandbox.setFaults({ latencyMs: -1 })).toThrow(RangeError)
      expect((await post('/identify/bulk', ANN)).status).toBe(200)
    })
  })
})
