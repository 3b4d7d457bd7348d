import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { identify, SUCCESS, withIntake } from './with-intake.js'

/** An identify whose JSON text has exactly this many bytes. */
function identifyOf(bytes: number): ReturnType<typeof identify> {
  const empty = identify({ traits: { text: '' } })
  const missing = bytes - Buffer.byteLength(JSON.stringify(empty))
  return { ...empty, traits: { text: 'x'.repeat(missing) } }
}

const nested = (levels: number): unknown => JSON.parse('{"a":'.repeat(levels) + '1' + '}'.repeat(levels))

describe('sizes', () => {
  it('may be up to 32 KB for an event', async () => {
    await withIntake({}, async ({ post, books }) => {
      for (const path of ['/v1/identify', '/webhook']) {
        expect(await post(path, identifyOf(32_768))).toMatchObject(SUCCESS)
        expect(await post(path, identifyOf(32_769))).toMatchObject({ status: 400, body: { code: 'too_large' } })
      }
      expect((await books()).intake).toMatchObject({ accepted: 2, rejected: 0 })
    })
  })

  it('are counted in bytes, not characters', async () => {
    await withIntake({}, async ({ post }) => {
      expect(await post('/v1/identify', identify({ traits: { text: 'é'.repeat(16_000) } }))).toMatchObject(SUCCESS)
      expect(await post('/v1/identify', identify({ traits: { text: 'é'.repeat(17_000) } }))).toMatchObject({
        status: 400
      })
    })
  })

  it('are counted in bytes in a batch, too', async () => {
    await withIntake({ maxEventBytes: 1024 }, async ({ post }) => {
      const answer = await post('/v1/batch', { batch: [identify({ traits: { text: 'ü'.repeat(500) } })] })
      expect(answer.body).toMatchObject({ rejected: [{ index: 0 }] })
    })
  })

  it('are the same behind a byte-order mark', async () => {
    await withIntake({}, async ({ post }) => {
      for (const events of [[identify(), identifyOf(32_769)], [identifyOf(32_768)]]) {
        const [plain, marked] = [JSON.stringify(events), `\ufeff${JSON.stringify(events)}`]
        expect((await post('/webhook', marked)).body).toEqual((await post('/webhook', plain)).body)
      }
      expect(await post('/webhook', `\ufeff${JSON.stringify(identifyOf(32_768))}`)).toMatchObject(SUCCESS)
      expect(await post('/webhook', '\ufeff')).toMatchObject({ body: { message: 'the body is empty: send JSON' } })
    })
  })

  it('of one event in a batch cost that event only, which is kept', async () => {
    await withIntake({}, async ({ post, books, forwarder }) => {
      const events = [identify(), identifyOf(32_769), identifyOf(32_768)]

      expect(await post('/v1/batch', { batch: events })).toEqual({
        status: 200,
        headers: expect.any(Object) as object,
        body: { success: true, rejected: [{ index: 1, reason: 'the event is larger than 32.0 KiB' }] }
      })

      expect((await books()).intake).toMatchObject({ accepted: 2, rejected: 1 })
      const [rejection] = await forwarder.store.rejections(0, 10)
      expect(rejection).toMatchObject({
        complete: true,
        source: expect.stringMatching(/^POST \/v1\/batch .*, event 1$/) as string
      })
      expect(JSON.parse(rejection?.raw ?? '')).toEqual(events[1])
    })
  })

  it('keep of such an event what its batch says of it, and no write key', async () => {
    await withIntake({}, async ({ post, forwarder }) => {
      const event = identifyOf(32_769)
      const [sentAt, integrations, context] = ['2026-01-01T00:00:05Z', { Dopt: false }, { ip: '192.0.2.1' }]
      const item = { ...event, writeKey: 'wk-secret', originalTimestamp: '2026-01-01T00:00:00Z' }
      await post('/v1/batch', { batch: [item], sentAt, integrations, context })

      const [rejection] = await forwarder.store.rejections(0, 10)
      const kept = JSON.parse(rejection?.raw ?? '') as Record<string, unknown>
      expect(kept).toMatchObject({ ...event, integrations, context })
      expect(rejection?.raw).not.toContain('wk-secret')
      expect(Math.abs(Date.now() - 5000 - Date.parse(String(kept.timestamp)))).toBeLessThan(5000)
    })
  })

  it('may be up to 500 KB for a batch', async () => {
    await withIntake({}, async ({ post, books }) => {
      const batch = Array.from({ length: 16 }, () => identifyOf(31_900))
      const spare = 512_000 - Buffer.byteLength(JSON.stringify({ batch, pad: '' }))
      expect(await post('/v1/batch', { batch, pad: 'x'.repeat(spare + 1) })).toMatchObject({
        status: 400,
        body: { code: 'too_large' }
      })
      expect((await books()).intake.received).toBe(0)
      expect(await post('/v1/batch', { batch, pad: 'x'.repeat(spare) })).toMatchObject(SUCCESS)
    })
  })

  it('may be up to 2,500 events for a batch', async () => {
    await withIntake({}, async ({ post, books }) => {
      const batch = Array.from({ length: 2500 }, (_, n) => ({ type: 'identify', userId: `u${n}`, messageId: `m${n}` }))
      expect(await post('/v1/batch', { batch })).toMatchObject(SUCCESS)
      for (const [path, body] of [
        ['/v1/batch', { batch: [...batch, identify()] }],
        ['/webhook', [...batch, identify()]]
      ] as const) {
        expect(await post(path, body)).toMatchObject({ status: 400, body: { code: 'too_many_events' } })
      }
      expect((await books()).intake.accepted).toBe(2500)
    })
  })

  it('can be set', async () => {
    await withIntake({ maxEventBytes: 2000, maxBatchBytes: 3000, maxBatchEvents: 1 }, async ({ post }) => {
      expect(await post('/v1/identify', identifyOf(2000))).toMatchObject(SUCCESS)
      expect(await post('/v1/identify', identifyOf(2001))).toMatchObject({ status: 400 })
      expect(await post('/v1/batch', { batch: [identifyOf(2900)] })).toMatchObject({
        body: { rejected: [{ index: 0 }] }
      })
      expect(await post('/v1/batch', { batch: [identifyOf(3000)] })).toMatchObject({ status: 400 })
      expect(await post('/v1/batch', { batch: [identify(), identify()] })).toMatchObject({ status: 400 })
    })
  })
})

describe('compressed bodies', () => {
  const COMPRESSED = [
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['GZIP', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['identity', (text: string) => Buffer.from(text)]
  ] as const

  it.each(COMPRESSED)('are unpacked: %s', async (encoding, compress) => {
    await withIntake({}, async ({ post, books }) => {
      const headers = { 'content-encoding': encoding }
      expect(await post('/v1/identify', compress(JSON.stringify(identify())), { headers })).toMatchObject(SUCCESS)
      const batch = JSON.stringify({ batch: [identify(), identify()] })
      expect(await post('/v1/import', compress(batch), { headers })).toMatchObject(SUCCESS)
      expect((await books()).intake.accepted).toBe(3)
    })
  })

  it('that unpack to more than the limit are refused', async () => {
    await withIntake({}, async ({ post }) => {
      const bomb = gzipSync(Buffer.alloc(50_000_000, ' '))
      for (const path of ['/v1/identify', '/v1/batch', '/webhook', '/m']) {
        const answer = await post(path, bomb, { headers: { 'content-encoding': 'gzip' } })
        expect(answer).toMatchObject({ status: 400, body: { code: 'too_large' } })
      }
    })
  })

  it('that are damaged are refused', async () => {
    await withIntake({}, async ({ post }) => {
      const whole = gzipSync(JSON.stringify(identify()))
      for (const body of [whole.subarray(0, -9), Buffer.from('{}'), Buffer.from(whole).fill(0, 12, 20)]) {
        const answer = await post('/v1/identify', body, { headers: { 'content-encoding': 'gzip' } })
        expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_encoding' } })
      }
    })
  })

  it('of a kind that nobody here can unpack are refused', async () => {
    await withIntake({}, async ({ post }) => {
      const answer = await post('/v1/identify', '{}', { headers: { 'content-encoding': 'br' } })
      expect(answer).toMatchObject({ status: 415, body: { code: 'invalid_encoding' } })
    })
  })
})

describe('what is not right', () => {
  it.each([
    ['/v1/identify', '', 'the body is empty: send JSON'],
    ['/v1/identify', '{"userId":"secret', 'not JSON: the body ends in the middle of a value (byte 10)'],
    ['/v1/identify', '{"userId":secret}', 'not JSON: an unexpected character (byte 10)'],
    ['/v1/batch', '{"batch":[{"a":[1,2]},{"b":,}]}', 'not JSON: an unexpected character (event 1, byte 27)'],
    ['/v1/batch', '{"batch":[{"é":1},{"b":1}', 'not JSON: the body ends in the middle of a value (event 1, byte 26)'],
    ['/v1/batch', '{"batch":[{"a":1}],"sentAt":x}', 'not JSON: an unexpected character (byte 28)'],
    ['/webhook', '[{"a":","},{"b":1},{"c" 1}]', 'not JSON: a colon is missing (event 2, byte 24)'],
    ['/v1/identify', '[]', 'the body is an array: send a JSON object'],
    ['/v1/identify', 'null', 'the body is not an object: send a JSON object'],
    ['/webhook', '7', 'the body is not an object: send a JSON object'],
    ['/v1/batch', '[]', 'the body is an array: send a JSON object'],
    ['/v1/batch', '{"batch":{}}', 'the body has no batch: send {"batch":[…]}'],
    ['/v1/batch', '{}', 'the body has no batch: send {"batch":[…]}'],
    ['/v1/identify', '{"userId":"u","traits":"secret"}', 'traits is a string, not an object'],
    ['/v1/identify', '{"userId":{"secret":1}}', 'Identifier must be a string but it was an object.'],
    ['/webhook', '{"userId":"u"}', 'no type: a Segment event has one, such as "type":"identify"']
  ])('is answered with a 400 that says why: %s %s', async (path, body, message) => {
    await withIntake({}, async ({ post }) => {
      const answer = await post(path, body)
      expect(answer).toMatchObject({ status: 400, body: { message } })
      expect(JSON.stringify(answer.body)).not.toContain('secret')
    })
  })

  it('in one event of a batch costs that event only', async () => {
    await withIntake({}, async ({ post, books }) => {
      const batch = [identify(), null, 'text', identify({ traits: [] }), { userId: 'u' }, identify()]

      expect((await post('/v1/batch', { batch })).body).toEqual({
        success: true,
        rejected: [
          { index: 1, reason: 'not an object but null' },
          { index: 2, reason: 'not an object but a string' },
          { index: 3, reason: 'traits is an array, not an object' },
          { index: 4, reason: 'no type: a Segment event has one, such as "type":"identify"' }
        ]
      })

      const { intake, rejected } = await books()
      expect(intake).toMatchObject({ received: 6, accepted: 2, rejected: 4 })
      expect(rejected).toBe(4)
    })
  })

  it('is kept, when it is a whole event, so that it can be shown', async () => {
    await withIntake({}, async ({ post, forwarder }) => {
      await post('/v1/identify', { userId: 'u', traits: 'x' })
      expect(await forwarder.store.rejections(0, 10)).toMatchObject([
        { reason: 'traits is a string, not an object', raw: '{"userId":"u","traits":"x","type":"identify"}' }
      ])
    })
  })

  it('is nesting without end, in which an event may be 100 levels deep', async () => {
    await withIntake({}, async ({ post, books }) => {
      const [fine, deep] = [99, 100].map((levels) => identify({ traits: nested(levels) }))
      for (const path of ['/v1/identify', '/webhook']) {
        expect(await post(path, deep)).toMatchObject({ status: 400, body: { code: 'invalid_event' } })
        expect(await post(path, '['.repeat(20_000))).toMatchObject({ status: 400 })
      }
      const deepest = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`
      const batch = `[${JSON.stringify(deep)},${JSON.stringify(fine)},${deepest}]`
      expect((await post('/v1/batch', `{"batch":${batch}}`)).body).toMatchObject({
        rejected: [{ index: 0 }, { index: 2, reason: 'the event is nested more than 100 levels deep' }]
      })
      expect(await post('/v1/batch', `{"batch":[],"context":${deepest}}`)).toMatchObject({ status: 400 })
      expect((await books()).intake).toMatchObject({ accepted: 1, rejected: 2 })
    })
  })

  it('is a byte that is not UTF-8, of which the event in a batch alone is to blame', async () => {
    await withIntake({}, async ({ post, stored }) => {
      const [good, bad] = [identify({ traits: { name: 'Zoë' } }), identify({ traits: { name: 'Z!' } })]
      const broken = (text: string): Buffer => {
        const bytes = Buffer.from(text)
        bytes[bytes.indexOf('!')] = 0xff
        return bytes
      }
      expect(await post('/v1/identify', broken(JSON.stringify(bad)))).toMatchObject({
        status: 400,
        body: { code: 'invalid_encoding' }
      })
      expect((await post('/v1/batch', broken(JSON.stringify({ batch: [good, bad] })))).body).toEqual({
        success: true,
        rejected: [{ index: 1, reason: 'the event contains bytes that are not UTF-8' }]
      })
      expect((await stored(good.messageId))?.properties).toBe('{"name":"Zoë"}')
    })
  })

  it('is not a byte-order mark, nor U+FFFD where it was meant', async () => {
    await withIntake({}, async ({ post, stored }) => {
      const event = identify({ traits: { name: '\ufffd' } })
      expect(await post('/v1/identify', `\ufeff${JSON.stringify(event)}`)).toMatchObject(SUCCESS)
      expect((await stored(event.messageId))?.properties).toBe('{"name":"\ufffd"}')
    })
  })

  it('does no harm as a key called __proto__ or constructor, which is not kept or kept as a name', async () => {
    await withIntake({}, async ({ post, stored }) => {
      const text = `{"batch":[{"type":"identify","userId":"u","messageId":"proto","traits":{"a":1,"__proto__":{"admin":true},
        "constructor":{"prototype":{"admin":true}}},"__proto__":{"userId":"evil"}}],"__proto__":{"context":{}},
        "context":{"__proto__":{"admin":true}}}`
      expect(await post('/v1/batch', text)).toMatchObject(SUCCESS)
      expect(await stored('proto')).toMatchObject({
        identifier: 'u',
        properties: '{"a":1,"constructor_prototype_admin":true}'
      })
      expect({}).not.toHaveProperty('admin')
    })
  })
})
