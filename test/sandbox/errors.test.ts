import { KEY, someText, textWith, withSandbox } from './with-sandbox.js'

describe('errors of the API', () => {
  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['wrong', 'sandbox-kez'],
    ['longer', `${KEY}!`]
  ])('a key that is %s is a 401, whatever else is wrong', async (_what, key) => {
    await withSandbox({ failRate: 1 }, async (sandbox) => {
      const headers: Record<string, string> = key === undefined ? {} : { 'x-api-key': key }
      for (const path of ['/identify/bulk', '/identify/ann', '/nothing/here', '/identify/%zz']) {
        const answer = await fetch(sandbox.url + path, { method: 'POST', headers, body: 'not JSON' })
        expect(answer.status).toBe(401)
        expect(await answer.json()).toEqual({ code: 'unauthorized_error', details: someText })
      }
      expect(sandbox.stats).toEqual({ calls: 4, users: 0, byStatus: { 401: 4 }, maxBatch: 0 })
    })
  })

  it('a path or method that is not documented is a 404', async () => {
    await withSandbox({}, async (sandbox, { post }) => {
      expect(await post('/identify/ann/more')).toMatchObject({ status: 404, body: { code: 'not_found_error' } })
      expect(await post('/')).toMatchObject({ status: 404, body: { code: 'not_found_error' } })
      const get = await fetch(`${sandbox.url}/identify/bulk`, { headers: { 'x-api-key': KEY } })
      expect(get.status).toBe(404)
      expect(await get.json()).toEqual({ code: 'not_found_error', details: someText })
    })
  })

  it('a body above the limit is a 413, and the connection still serves the next call', async () => {
    await withSandbox({}, async (sandbox, { post }) => {
      const answer = await post('/identify/bulk', [{ __dopt_identifier: 'ann', text: 'x'.repeat(5 * 1024 * 1024) }])

      expect(answer.status).toBe(413)
      expect(answer.body).toEqual({ code: 'invalid_request_error', details: textWith('1048576') })
      expect((await post('/identify/ann', {})).status).toBe(200)
      expect(sandbox.stats.byStatus).toEqual({ 200: 1, 413: 1 })
    })
  })

  it('a body of exactly the limit is taken, and one byte more is not', async () => {
    const body = JSON.stringify({ text: 'é'.repeat(40) })
    await withSandbox({ maxBodyBytes: Buffer.byteLength(body) }, async (sandbox, { post }) => {
      expect((await post('/identify/ann', body)).status).toBe(200)
      expect((await post('/identify/ann', `${body} `)).status).toBe(413)
      expect(sandbox.users.get('ann')).toEqual({ text: 'é'.repeat(40) })
    })
  })

  it.each(['text/plain', 'application/jsonp', 'application/x-www-form-urlencoded'])(
    'a body sent as %s is a 400',
    async (type) => {
      await withSandbox({}, async (sandbox, { post }) => {
        const answer = await post('/identify/ann', {}, { 'content-type': type })
        expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request_error' } })
        expect(sandbox.users.size).toBe(0)
        expect((await post('/identify/ann', {}, { 'content-type': 'application/json;charset=utf-8' })).status).toBe(200)
      })
    }
  )
})
