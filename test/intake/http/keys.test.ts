import { exchange } from './raw-socket.js'
import { basic, identify, SUCCESS, withIntake, withListeningIntake, type PostOptions } from './with-intake.js'

const KEYS = ['first-key', 'second-key']
const REFUSED = { status: 401, body: { code: 'unauthorized', message: expect.any(String) as string } }

describe('write keys', () => {
  it.each<[string, PostOptions['headers'], Record<string, unknown>]>([
    ['by Basic with a colon', basic('first-key:'), {}],
    ['by Basic without a colon', basic('second-key'), {}],
    ['by Basic with a password, which is not looked at', basic('second-key:password'), {}],
    ['by Bearer', { authorization: 'Bearer second-key' }, {}],
    ['in the body', {}, { writeKey: 'second-key' }],
    ['in the body, beside the credentials of a proxy', basic('proxy:password'), { writeKey: 'first-key' }],
    ['in the header, beside another in the body', basic('first-key:'), { writeKey: 'wrong' }]
  ])('are accepted %s', async (_where, headers = {}, inBody) => {
    await withIntake({ writeKeys: KEYS }, async ({ post, books }) => {
      expect(await post('/v1/identify', { ...identify(), ...inBody }, { headers })).toMatchObject(SUCCESS)
      expect(await post('/v1/batch', { batch: [identify()], ...inBody }, { headers })).toMatchObject(SUCCESS)
      expect((await books()).intake.accepted).toBe(2)
    })
  })

  it.each<[string, PostOptions['headers'], Record<string, unknown>]>([
    ['that are wrong, by Basic', basic('third-key:'), {}],
    ['that are wrong, by Bearer', { authorization: 'Bearer third-key' }, {}],
    ['that are wrong, in the body', {}, { writeKey: 'third-key' }],
    ['that are missing', {}, {}],
    ['that are empty', basic(':'), { writeKey: '' }],
    ['that only begin like a right one', basic('first-ke'), {}],
    ['that are no text', {}, { writeKey: ['first-key'] }],
    ['whose credentials are not base64', { authorization: 'Basic first-key' }, {}],
    ['of another scheme', { authorization: 'Digest first-key' }, {}]
  ])('are refused %s', async (_why, headers = {}, inBody) => {
    await withIntake({ writeKeys: KEYS }, async ({ post, books }) => {
      expect(await post('/v1/identify', { ...identify(), ...inBody }, { headers })).toMatchObject(REFUSED)
      expect(await post('/v1/batch', { batch: [identify()], ...inBody }, { headers })).toMatchObject(REFUSED)
      expect((await books()).intake.received).toBe(0)
    })
  })

  it('are not needed where neither a key nor a secret is set', async () => {
    await withIntake({}, async ({ post }) => {
      expect(await post('/v1/identify', identify(), { headers: basic('any:') })).toMatchObject(SUCCESS)
    })
  })

  it('cannot be right where only webhooks are let in', async () => {
    await withIntake({ sharedSecret: 's' }, async ({ post }) => {
      const answer = await post('/v1/identify', identify(), { headers: basic('any:') })
      expect(answer).toMatchObject({ status: 401, body: { message: expect.stringContaining('--write-key') as string } })
    })
  })

  it('are not kept with an event, be it stored or rejected', async () => {
    await withIntake({ writeKeys: ['first-key'] }, async ({ post, stored, forwarder }) => {
      const event = identify({ traits: { a: 1 } })
      await post('/v1/batch', { writeKey: 'first-key', batch: [{ ...event, writeKey: 'first-key' }] })
      await post('/v1/identify', { writeKey: 'first-key', userId: 'u', traits: 'text' })

      expect(JSON.stringify(await stored(event.messageId))).not.toContain('first-key')
      const [rejection] = await forwarder.store.rejections(0, 10)
      expect(rejection?.raw).toBe('{"userId":"u","traits":"text","type":"identify"}')
    })
  })
})

describe('the settings that SDKs fetch', () => {
  it.each(['/v1/projects/key-1/settings', '/projects/key-1/settings'])(
    'point back at this server at %s',
    async (path) => {
      await withIntake({ writeKeys: ['key-1'] }, async ({ get }) => {
        const answer = await get(path, { headers: { host: 'events.example.com:8787' } })

        expect(answer).toMatchObject({
          status: 200,
          headers: { 'cache-control': 'no-store', 'access-control-allow-origin': '*' },
          body: {
            integrations: {
              'Segment.io': { apiKey: 'key-1', apiHost: 'events.example.com:8787/v1', protocol: 'http' }
            },
            metrics: { sampleRate: 0 }
          }
        })
      })
    }
  )

  it('say https where a proxy speaks it, and the public address where one is set', async () => {
    const path = '/v1/projects/k/settings'
    await withIntake({}, async ({ get }) => {
      const answer = await get(path, { headers: { host: '[::1]:80', 'x-forwarded-proto': 'https' } })
      expect(answer.body).toMatchObject({
        integrations: { 'Segment.io': { apiHost: '[::1]:80/v1', protocol: 'https' } }
      })
    })
    await withIntake({ publicUrl: 'https://example.com/dopt/' }, async ({ get }) => {
      expect((await get(path)).body).toMatchObject({
        integrations: { 'Segment.io': { apiHost: 'example.com/dopt/v1', protocol: 'https' } }
      })
    })
  })

  it('are not there for an unknown key', async () => {
    await withIntake({ writeKeys: ['key-1'] }, async ({ get }) => {
      expect(await get('/v1/projects/key-2/settings')).toMatchObject({ status: 404, body: { code: 'not_found' } })
    })
  })

  it('repeat no host that is none', async () => {
    await withIntake({}, async ({ get }) => {
      const answer = await get('/v1/projects/k/settings', { headers: { host: 'a"b.example/<script>' } })
      expect(answer).toMatchObject({ status: 400, body: { code: 'bad_request' } })
    })
  })
})

describe('what operators ask', () => {
  it.each(['/status', '/metrics'])('is answered at %s for this machine', async (path) => {
    await withIntake({ adminToken: 'token' }, async ({ get }) => {
      for (const host of ['127.0.0.1:8787', 'localhost', '[::1]:8787']) {
        expect((await get(path, { headers: { host } })).status).toBe(200)
      }
      expect((await get(path, { remoteAddress: '::ffff:127.0.0.1' })).status).toBe(200)
    })
  })

  it.each(['/status', '/metrics'])('needs the admin token at %s from anywhere else', async (path) => {
    await withIntake({ adminToken: 'token' }, async ({ get }) => {
      const remoteAddress = '192.0.2.1'
      const bearer = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` })
      expect(await get(path, { remoteAddress })).toMatchObject(REFUSED)
      expect(await get(path, { remoteAddress, headers: bearer('wrong') })).toMatchObject(REFUSED)
      expect((await get(path, { remoteAddress, headers: bearer('token') })).status).toBe(200)
    })
  })

  it('is from elsewhere when a proxy passed it on, or a page asks under a name of its own', async () => {
    await withIntake({}, async ({ get }) => {
      for (const headers of [
        { 'x-forwarded-for': '127.0.0.1' },
        { forwarded: 'for=x' },
        { via: '1.1 proxy' },
        { 'x-forwarded-host': 'x' },
        { host: 'evil.example' }
      ]) {
        expect(await get('/status', { headers: { host: '127.0.0.1', ...headers } })).toMatchObject({
          status: 401,
          body: { message: expect.stringContaining('--admin-token') as string }
        })
      }
    })
  })

  it('is from elsewhere when it came as nginx passes requests on, which adds nothing to them', async () => {
    await withListeningIntake({ adminToken: 'token' }, async ({ url }) => {
      const ask = (version: string): Promise<string> =>
        exchange(url, `GET /status HTTP/${version}\r\nHost: ${new URL(url).host}\r\nConnection: close\r\n\r\n`)
      expect(await ask('1.0')).toMatch(/^HTTP\S+ 401 /)
      expect(await ask('1.1')).toMatch(/^HTTP\S+ 200 /)
    })
  })

  it('needs no token for the health of the process', async () => {
    await withIntake({ adminToken: 'token' }, async ({ get }) => {
      for (const path of ['/healthz', '/readyz']) {
        expect((await get(path, { remoteAddress: '192.0.2.1' })).status).toBe(200)
      }
    })
  })
})
