import { StoreError, type StoreErrorCode } from '../../../src/store/errors.js'
import { gzipSync } from 'node:zlib'
import {
  accepting,
  basic,
  identify,
  SUCCESS,
  withIntake,
  withListeningIntake,
  type PostOptions
} from './with-intake.js'
import { open } from './raw-socket.js'

/** A store that cannot take anything. */
function failing(error: () => unknown): ReturnType<typeof accepting> {
  return accepting(() => Promise.reject(error()))
}

interface Line {
  level: string
  fields: Record<string, unknown>
  message: string
}

function recordingLogger() {
  const lines: Line[] = []
  const take = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, fields: { ...fields }, message })
  return { lines, logger: { debug: take('debug'), info: take('info'), warn: take('warn'), error: take('error') } }
}

describe('trouble of our own', () => {
  it('is a 503 with the time to wait when the store has reached its limit, and the rest goes on', async () => {
    await withIntake({ forwarderOptions: { maxStoreBytes: 1 } }, async ({ post, get, books }) => {
      for (const [path, body] of [
        ['/v1/identify', identify()],
        ['/v1/batch', { batch: [identify()] }],
        ['/webhook', identify()]
      ] as const) {
        expect(await post(path, body)).toMatchObject({
          status: 503,
          headers: { 'retry-after': '10' },
          body: { code: 'store_limit' }
        })
      }
      expect(await get('/readyz')).toMatchObject({
        status: 503,
        headers: { 'retry-after': '10' },
        body: { code: 'store_limit', message: expect.any(String) as string }
      })
      expect((await get('/healthz')).status).toBe(200)
      expect((await get('/status')).status).toBe(200)
      expect((await get('/metrics')).body).toMatch(/^dopt_http_refused_total\{code="store_limit"\} 4$/m)
      expect((await books()).intake.received).toBe(0)
    })
  })

  it('is told by readyz before anybody has met it', async () => {
    await withIntake({ forwarderOptions: { maxStoreBytes: 1 } }, async ({ get }) => {
      expect(await get('/readyz')).toMatchObject({ status: 503, body: { code: 'store_limit' } })
    })
  })

  it('is told by readyz where the store is gone', async () => {
    await withIntake({}, async ({ get, forwarder }) => {
      jest.spyOn(forwarder.store, 'usage').mockRejectedValue(new StoreError('gone', 'its thread ended'))
      expect(await get('/readyz')).toMatchObject({ status: 503, body: { code: 'internal_error' } })
    })
  })

  it.each<[StoreErrorCode, number, string]>([
    ['full', 503, 'store_full'],
    ['busy', 503, 'store_busy'],
    ['closed', 503, 'shutting_down'],
    ['gone', 503, 'internal_error'],
    ['damaged', 503, 'internal_error'],
    ['unwritable', 503, 'internal_error']
  ])("is never the client's fault: %s", async (code, status, told) => {
    const wrap = failing(() => new StoreError(code, 'no space left in /var/lib/secret/place'))
    await withIntake({ wrap }, async ({ post, get }) => {
      const answer = await post('/v1/identify', identify())
      expect(answer).toMatchObject({
        status,
        body: { code: told },
        headers: { 'retry-after': expect.stringMatching(/^\d+$/) as string }
      })
      expect(JSON.stringify(answer.body)).not.toContain('/var/lib')
      expect((await get('/readyz')).status).toBe(503)
    })
  })

  it('is not forgotten for a request of which nothing is stored', async () => {
    let isFull = false
    const wrap = accepting((events, forwarder) =>
      isFull ? Promise.reject(new StoreError('full', 'full')) : forwarder.acceptSourced(events)
    )
    await withIntake({ wrap }, async ({ post, get }) => {
      const known = identify()
      await post('/v1/identify', known)
      isFull = true
      expect((await post('/v1/identify', identify())).status).toBe(503)
      isFull = false
      const batch = [known, identify({ type: 'track' }), identify({ traits: 1 })]
      expect((await post('/v1/batch', { batch })).status).toBe(200)
      expect(await get('/readyz')).toMatchObject({ status: 503, body: { code: 'store_full' } })
    })
  })

  it('is forgotten as soon as events are taken again', async () => {
    let isFull = true
    const wrap = accepting((events, forwarder) =>
      isFull ? Promise.reject(new StoreError('full', 'full')) : forwarder.acceptSourced(events)
    )
    await withIntake({ wrap }, async ({ post, get }) => {
      expect((await post('/v1/identify', identify())).status).toBe(503)
      expect((await get('/readyz')).status).toBe(503)
      isFull = false
      expect(await post('/v1/identify', identify())).toMatchObject(SUCCESS)
      expect((await get('/readyz')).status).toBe(200)
    })
  })

  it('is a 500 without the words of an error that nobody foresaw, in the log too', async () => {
    const { lines, logger } = recordingLogger()
    const wrap = failing(() => new TypeError('cannot read "the secret of user-1"'))
    await withIntake({ wrap, logger }, async ({ post }) => {
      expect(await post('/v1/identify', identify())).toMatchObject({ status: 500, body: { code: 'internal_error' } })
      expect(JSON.stringify(lines)).not.toContain('secret of')
      expect(lines.find(({ level }) => level === 'error')?.fields).toMatchObject({
        route: '/v1/identify',
        at: expect.arrayContaining(['TypeError', expect.stringMatching(/^at .*trouble\.test/)]) as string[]
      })
    })
  })

  it('is none for others where clients announce bodies that do not come', async () => {
    await withListeningIntake({ maxBytesInFlight: 4096, maxBatchBytes: 40_000 }, async ({ url }) => {
      const silent = await Promise.all(
        ['Content-Length: 40000', 'Content-Encoding: gzip\r\nContent-Length: 4000', 'Transfer-Encoding: chunked'].map(
          async (header) => {
            const socket = await open(url)
            socket.write(`POST /v1/batch HTTP/1.1\r\nHost: ${new URL(url).host}\r\n${header}\r\n\r\n`)
            return socket
          }
        )
      )
      await new Promise((resolve) => setTimeout(resolve, 50))
      const answer = await fetch(`${url}/v1/identify`, { method: 'POST', body: JSON.stringify(identify()) })
      expect(answer.status).toBe(200)
      for (const socket of silent) socket.destroy()
    })
  })

  it.each([
    ['as it comes', undefined, (body: string) => Buffer.from(body)],
    ['unpacked', 'gzip', (body: string) => gzipSync(body)]
  ])('is a 503 where a body takes more than there is room for, %s', async (_how, encoding, pack) => {
    await withListeningIntake({ maxBytesInFlight: 4096, maxBatchBytes: 40_000 }, async ({ url }) => {
      const held = await open(url)
      held.write(
        `POST /v1/batch HTTP/1.1\r\nHost: ${new URL(url).host}\r\nContent-Length: 4000\r\n\r\n${'x'.repeat(2000)}`
      )
      await new Promise((resolve) => setTimeout(resolve, 50))
      const body = pack(JSON.stringify({ batch: [identify({ traits: { text: 'x'.repeat(3000) } })] }))
      const headers = encoding === undefined ? undefined : { 'content-encoding': encoding }
      const post = () => fetch(`${url}/v1/batch`, { method: 'POST', body, ...(headers && { headers }) })
      const answer = await post()
      expect(answer.status).toBe(503)
      expect(await answer.json()).toMatchObject({ code: 'overloaded' })
      held.destroy()
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect((await post()).status).toBe(200)
    })
  })

  it('is a 503 when more is being received than there is room for', async () => {
    const bodies = { maxBytesInFlight: 1500 }
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    const wrap = accepting(async (events, forwarder) => {
      await held
      return forwarder.acceptSourced(events)
    })
    await withIntake({ ...bodies, wrap }, async ({ post }) => {
      const first = post('/v1/identify', identify({ traits: { text: 'x'.repeat(1000) } }))
      await new Promise((resolve) => setImmediate(resolve))
      expect(await post('/v1/identify', identify({ traits: { text: 'x'.repeat(1000) } }))).toMatchObject({
        status: 503,
        headers: { 'retry-after': '1' },
        body: { code: 'overloaded' }
      })
      release()
      expect(await first).toMatchObject(SUCCESS)
      expect(await post('/v1/identify', identify({ traits: { text: 'x'.repeat(1000) } }))).toMatchObject(SUCCESS)
    })
  })
})

describe('a shutdown', () => {
  it('is told to SDKs, which send again, and to whoever asks whether it is ready', async () => {
    await withIntake({}, async ({ post, get, beginShutdown, books }) => {
      expect(await get('/readyz')).toMatchObject({ status: 200, body: { status: 'ready', endpoint: 'ok' } })
      beginShutdown()
      for (const answer of [await post('/v1/identify', identify()), await get('/readyz')]) {
        expect(answer).toMatchObject({
          status: 503,
          headers: { connection: 'close', 'retry-after': '5' },
          body: { code: 'shutting_down' }
        })
      }
      expect(await get('/healthz')).toMatchObject({ status: 200, headers: { connection: 'close' } })
      expect((await books()).intake.received).toBe(0)
    })
  })
})

describe('requests that arrive together', () => {
  it('are translated and committed in one call, and each is told of its own events', async () => {
    const calls: number[] = []
    const wrap = accepting((events, forwarder) => {
      calls.push(events.length)
      return forwarder.acceptSourced(events)
    })
    await withIntake({ wrap }, async ({ post, books }) => {
      const answers = await Promise.all([
        post('/v1/identify', identify()),
        post('/v1/batch', { batch: [identify(), 1, identify()] }),
        post('/v1/identify', identify({ traits: 'x' })),
        post('/v1/batch', { batch: [2] }),
        post('/v1/track', identify())
      ])

      expect(answers.map(({ status, body }) => [status, (body as { rejected?: unknown }).rejected])).toEqual([
        [200, undefined],
        [200, [{ index: 1, reason: 'not an object but a number' }]],
        [400, undefined],
        [200, [{ index: 0, reason: 'not an object but a number' }]],
        [200, undefined]
      ])
      expect(calls).toEqual([7])
      expect((await books()).intake).toMatchObject({ received: 7, accepted: 3, rejected: 3, ignored: { type: 1 } })
    })
  })

  it('are split where they would hold others up', async () => {
    const calls: number[] = []
    const wrap = accepting((events, forwarder) => {
      calls.push(events.length)
      return forwarder.acceptSourced(events)
    })
    await withIntake({ wrap }, async ({ post }) => {
      const batch = (): object => ({ batch: Array.from({ length: 600 }, () => identify()) })
      await Promise.all([post('/b', batch()), post('/b', batch()), post('/b', batch())])
      expect(calls).toEqual([1200, 600])
    })
  })
})

describe('the log', () => {
  it('holds no keys, no bodies, no property values and no paths', async () => {
    const { lines, logger } = recordingLogger()
    const options = { writeKeys: ['the-write-key'], sharedSecret: 'the-shared-secret', adminToken: 'the-admin-token' }
    await withIntake({ ...options, logger }, async ({ post, get }) => {
      const secret = { userId: 'the-user', traits: { name: 'the-trait' } }
      const headers: Array<PostOptions['headers']> = [basic('the-write-key:'), basic('the-wrong-key:'), {}]
      for (const each of headers) {
        await post('/v1/identify', identify(secret), { ...(each && { headers: each }) })
        await post('/webhook', JSON.stringify(secret), { headers: { 'x-signature': 'the-signature', ...each } })
        await post('/v1/identify', '{"userId":the-user', { ...(each && { headers: each }) })
      }
      await get('/v1/projects/the-write-key/settings')
      await get('/v1/projects/the-wrong-key/settings')
      await get('/the-unknown-path?the=query')
      await get('/status', { remoteAddress: '192.0.2.1', headers: { authorization: 'Bearer the-wrong-token' } })
    })
    expect(lines.length).toBeGreaterThan(10)
    expect(JSON.stringify(lines)).not.toMatch(/the-|the=/)
    expect(lines[0]).toEqual({
      level: 'debug',
      message: 'answered',
      fields: {
        request: expect.stringMatching(/^[\da-f-]{36}$/) as string,
        ...{ method: 'POST', route: '/v1/identify', status: 200, ms: expect.any(Number) as number }
      }
    })
  })

  it('says of each kind of refusal once a second what was refused, and how many more there were', async () => {
    const { lines, logger } = recordingLogger()
    await withIntake({ writeKeys: ['key'], logger }, async ({ post }) => {
      for (let n = 0; n < 3; n++) await post('/v1/identify', identify())
      for (let n = 0; n < 3; n++) await post('/v1/identify', '{')
      const refused = lines.filter(({ level }) => level === 'warn')
      expect(refused.map(({ fields, message }) => [fields.code, message])).toEqual([
        ['unauthorized', 'refused: the write key is missing'],
        ['invalid_json', 'refused: not JSON: the body ends in the middle of a value (byte 1)']
      ])
    })
  })
})
