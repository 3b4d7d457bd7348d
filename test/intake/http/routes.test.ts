import { identify, SUCCESS, withIntake } from './with-intake.js'

const SINGLE: ReadonlyArray<readonly [name: string, type: string]> = [
  ...['identify', 'group', 'track', 'page', 'screen', 'alias'].map((name) => [name, name] as const),
  ['i', 'identify'],
  ['g', 'group'],
  ['t', 'track'],
  ['p', 'page'],
  ['s', 'screen'],
  ['a', 'alias']
]
const PREFIXES = ['', '/v1']

describe('the routes', () => {
  it.each(SINGLE.flatMap(([name, type]) => PREFIXES.map((prefix) => [`${prefix}/${name}`, type] as const)))(
    'takes one event of the type in the path at %s',
    async (path, type) => {
      await withIntake({}, async ({ post, books, stored }) => {
        const { messageId, ...event } = identify({ type: 'something else' })

        expect(await post(path, { ...event, messageId })).toMatchObject(SUCCESS)

        const { intake } = await books()
        expect(intake).toMatchObject(
          type === 'identify' ? { accepted: 1, ignored: {} } : { accepted: 0, ignored: { type: 1 } }
        )
        expect((await stored(messageId))?.properties).toBe(
          type === 'identify' ? JSON.stringify(event.traits) : undefined
        )
      })
    }
  )

  it.each(['batch', 'import', 'b'].flatMap((name) => PREFIXES.map((prefix) => `${prefix}/${name}`)))(
    'takes several events at %s',
    async (path) => {
      await withIntake({}, async ({ post, books, stored }) => {
        const [first, second] = [identify(), identify()]

        expect(await post(path, { batch: [first, { type: 'track', event: 'x' }, second] })).toMatchObject(SUCCESS)

        expect((await books()).intake).toMatchObject({ accepted: 2, ignored: { type: 1 } })
        expect(await stored(second.messageId)).toMatchObject({ identifier: second.userId })
      })
    }
  )

  it.each(PREFIXES)('answers the metrics of analytics.js at %s/m, and keeps none', async (prefix) => {
    await withIntake({ writeKeys: ['key'] }, async ({ post, books }) => {
      expect(await post(`${prefix}/m`, '{"series":[{"type":"Counter"}]}')).toMatchObject(SUCCESS)
      expect((await books()).intake.received).toBe(0)
    })
  })

  it.each(['POST', 'PUT', 'PATCH'] as const)('takes one event or several from a webhook by %s', async (method) => {
    await withIntake({}, async ({ post, books }) => {
      expect(await post('/webhook', identify(), { method })).toMatchObject(SUCCESS)
      expect(await post('/webhook', [identify(), identify()], { method })).toMatchObject(SUCCESS)
      expect((await books()).intake.accepted).toBe(3)
    })
  })

  it('counts what a webhook sends of other types as ignored', async () => {
    await withIntake({}, async ({ post, books }) => {
      expect(await post('/webhook', { type: 'delete', userId: 'u' })).toMatchObject(SUCCESS)
      expect((await books()).intake.ignored).toEqual({ type: 1 })
    })
  })

  it('counts events that exclude us, or name nobody, as ignored', async () => {
    await withIntake({}, async ({ post, books }) => {
      expect(await post('/v1/identify', identify({ integrations: { Dopt: false } }))).toMatchObject(SUCCESS)
      expect(await post('/v1/identify', identify({ userId: undefined, anonymousId: 'a' }))).toMatchObject(SUCCESS)
      expect((await books()).intake.ignored).toEqual({ integrations: 1, 'no-identifier': 1 })
    })
  })

  it('takes the same message once', async () => {
    await withIntake({}, async ({ post, books }) => {
      const event = identify()
      for (const path of ['/v1/identify', '/i']) expect(await post(path, event)).toMatchObject(SUCCESS)
      expect(await post('/v1/batch', { batch: [event, event] })).toMatchObject(SUCCESS)
      expect((await books()).intake).toMatchObject({ accepted: 1, duplicates: 3 })
    })
  })

  it('takes JSON under any content type, or none', async () => {
    await withIntake({}, async ({ post, books }) => {
      const types = [
        'application/json',
        'text/plain;charset=UTF-8',
        'application/x-www-form-urlencoded',
        'nonsense',
        ''
      ]
      for (const type of types) {
        expect(await post('/v1/identify', identify(), { headers: { 'content-type': type } })).toMatchObject(SUCCESS)
      }
      expect((await books()).intake.accepted).toBe(types.length)
    })
  })

  it('overlooks a slash at the end of a path', async () => {
    await withIntake({}, async ({ post }) => {
      expect(await post('/v1/batch/', { batch: [] })).toMatchObject(SUCCESS)
    })
  })

  it.each([
    ['/v1/nothing', 404, 'not_found'],
    ['/v1/projects/%E0%A4%A/settings', 400, 'bad_request'],
    ['/..%2f..%2fetc/passwd', 404, 'not_found']
  ])('answers %s with %i', async (path, status, code) => {
    await withIntake({}, async ({ get }) => {
      const any = expect.any(String) as string
      expect(await get(path)).toMatchObject({ status, headers: { 'x-request-id': any }, body: { code, message: any } })
    })
  })

  it('says where events go to whoever sends to the wrong path, or in the wrong way', async () => {
    await withIntake({}, async ({ get, post }) => {
      const told = (ways: string) => ({ status: 404, body: { message: expect.stringContaining(ways) as string } })
      expect(await get('/v1/batch')).toMatchObject(told('send events with POST to /v1/batch'))
      expect(await post('/v1/identify', identify(), { method: 'PUT' })).toMatchObject(
        told('send events with POST to /v1/batch')
      )
      expect(await post('/batches', identify())).toMatchObject(told('send events to /v1/batch'))
    })
  })

  it("gives each answer the id of its request, which may be the client's own", async () => {
    await withIntake({}, async ({ get }) => {
      expect((await get('/healthz')).headers['x-request-id']).toMatch(/^[\da-f-]{36}$/)
      expect((await get('/healthz', { headers: { 'x-request-id': 'mine-1' } })).headers['x-request-id']).toBe('mine-1')
      expect((await get('/healthz', { headers: { 'x-request-id': 'a b"' } })).headers['x-request-id']).not.toBe('a b"')
    })
  })
})

describe('what browsers ask first', () => {
  it.each(['/v1/i', '/b', '/v1/batch', '/v1/projects/key/settings'])('allows another origin at %s', async (path) => {
    await withIntake({}, async ({ app }) => {
      const answer = await app.inject({
        method: 'OPTIONS',
        url: path,
        headers: {
          origin: 'https://example.com',
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,content-type,x-retry-count'
        }
      })

      expect(answer.statusCode).toBe(204)
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': '*',
        'access-control-allow-methods': 'GET, POST, OPTIONS',
        'access-control-allow-headers': 'authorization,content-type,x-retry-count',
        'access-control-max-age': '7200',
        vary: 'access-control-request-headers'
      })
    })
  })

  it('lets pages of other origins read the answers to events, errors too, but not the status', async () => {
    await withIntake({ writeKeys: ['key'] }, async ({ post, get }) => {
      const answers = [
        await post('/v1/i', '{', {}),
        await post('/v1/i', identify()),
        await get('/v1/projects/key/settings')
      ]
      expect(answers.map(({ status }) => status)).toEqual([400, 401, 200])
      for (const { headers } of answers) expect(headers['access-control-allow-origin']).toBe('*')
      for (const path of ['/status', '/metrics']) {
        const { status, headers } = await get(path)
        expect(status).toBe(200)
        expect(headers).not.toHaveProperty('access-control-allow-origin')
      }
    })
  })

  it('lets them read how long to wait where events cannot be taken', async () => {
    await withIntake({ forwarderOptions: { maxStoreBytes: 1 } }, async ({ post, beginShutdown }) => {
      const full = await post('/v1/b', { batch: [identify()] })
      beginShutdown()
      for (const { status, headers } of [full, await post('/v1/i', identify())]) {
        expect(status).toBe(503)
        expect(headers['retry-after']).toMatch(/^\d+$/)
        expect(headers['access-control-allow-origin']).toBe('*')
        expect(String(headers['access-control-expose-headers']).split(', ')).toContain('retry-after')
      }
    })
  })
})
