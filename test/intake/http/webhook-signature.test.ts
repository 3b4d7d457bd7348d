import { createHmac } from 'node:crypto'
import { identify, SUCCESS, withIntake } from './with-intake.js'

const SECRET = 'shared secret'

function sign(text: string): { 'x-signature': string } {
  return { 'x-signature': createHmac('sha1', SECRET).update(text).digest('hex') }
}

describe('a signed webhook', () => {
  it('is taken when the signature covers the whole body, byte for byte', async () => {
    await withIntake({ sharedSecret: SECRET }, async ({ post, books }) => {
      const texts = [
        JSON.stringify(identify()),
        JSON.stringify(identify({ traits: { name: 'Zoë ✓ \u{1F600}' } })),
        ` ${JSON.stringify(identify(), null, 2)}\n`,
        JSON.stringify([identify(), identify()])
      ]
      for (const text of texts) expect(await post('/webhook', text, { headers: sign(text) })).toMatchObject(SUCCESS)
      expect((await books()).intake.accepted).toBe(5)
    })
  })

  it('is taken by the header that is to come', async () => {
    await withIntake({ sharedSecret: SECRET }, async ({ post }) => {
      const text = JSON.stringify([identify(), identify()])
      const headers = { 'x-segment-signature': sign(text)['x-signature'] }
      expect(await post('/webhook', text, { headers })).toMatchObject(SUCCESS)
    })
  })

  it('is judged by that header where both are there: the one of today may cover the first event only', async () => {
    await withIntake({ sharedSecret: SECRET }, async ({ post, books }) => {
      const events = [identify(), identify()]
      const text = JSON.stringify(events)
      const [whole, first] = [sign(text)['x-signature'], sign(JSON.stringify(events[0]))['x-signature']]
      const send = (coming: string, today: string) =>
        post('/webhook', text, { headers: { 'x-segment-signature': coming, 'x-signature': today } })
      expect(await send(first, whole)).toMatchObject({ status: 401 })
      expect((await books()).intake.received).toBe(0)
      expect(await send(whole, first)).toMatchObject(SUCCESS)
    })
  })

  it('is refused when anything stands behind the signature', async () => {
    await withIntake({ sharedSecret: SECRET }, async ({ post }) => {
      const text = JSON.stringify(identify())
      const headers = { 'x-signature': `${sign(text)['x-signature']}zz` }
      expect((await post('/webhook', text, { headers })).status).toBe(401)
    })
  })

  it('is refused when a byte differs, be it a blank', async () => {
    await withIntake({ sharedSecret: SECRET }, async ({ post, books }) => {
      const text = JSON.stringify(identify())
      for (const sent of [
        `${text} `,
        text.replace('identify', 'Identify'),
        JSON.stringify(JSON.parse(text), null, 1)
      ]) {
        const answer = await post('/webhook', sent, { headers: sign(text) })
        expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized' } })
      }
      expect((await books()).intake.received).toBe(0)
    })
  })

  it.each([
    ['missing', {}],
    ['empty', { 'x-signature': '' }],
    ['not hex', { 'x-signature': 'zz' }],
    ['cut short', { 'x-signature': sign('{}')['x-signature'].slice(0, 38) }],
    ['with more behind it', { 'x-signature': `${sign('{}')['x-signature']}00` }],
    ['made with another secret', { 'x-signature': createHmac('sha1', 'other').update('{}').digest('hex') }]
  ])('is refused when the signature is %s', async (_what, headers) => {
    await withIntake({ sharedSecret: SECRET, allowFirstEventSignature: true }, async ({ post }) => {
      expect(await post('/webhook', '{}', { headers })).toMatchObject({ status: 401, body: { code: 'unauthorized' } })
    })
  })

  it('may bring a write key instead, if the sender cannot sign, but not beside a wrong signature', async () => {
    await withIntake({ sharedSecret: SECRET, writeKeys: ['key'] }, async ({ post }) => {
      const authorization = 'Bearer key'
      expect(await post('/webhook', identify(), { headers: { authorization } })).toMatchObject(SUCCESS)
      expect(await post('/webhook', identify(), { headers: { authorization, ...sign('') } })).toMatchObject({
        status: 401
      })
      expect(await post('/webhook', { ...identify(), writeKey: 'key' })).toMatchObject({ status: 401 })
    })
  })

  it('needs a write key in the header where no secret is set', async () => {
    await withIntake({ writeKeys: ['key'] }, async ({ post }) => {
      const text = JSON.stringify(identify())
      expect(await post('/webhook', text, { headers: sign(text) })).toMatchObject({ status: 401 })
      expect(await post('/webhook', text, { headers: { authorization: 'Bearer key' } })).toMatchObject(SUCCESS)
    })
  })

  it.each([
    ['names --shared-secret if only a signature came', sign(''), /--shared-secret/],
    ['blames the key if a wrong one came with it', { ...sign(''), authorization: 'Bearer no' }, /^the write key is /],
    ['blames the key if nothing came', {}, /^the write key is /]
  ])('is refused where no secret is set with an answer that %s', async (_what, headers, message) => {
    await withIntake({ writeKeys: ['key'] }, async ({ post }) => {
      expect(await post('/webhook', identify(), { headers })).toMatchObject({
        status: 401,
        body: { code: 'unauthorized', message: expect.stringMatching(message) as string }
      })
    })
  })

  it('is said to be signed wrong before it is said to be no JSON', async () => {
    await withIntake({ sharedSecret: SECRET }, async ({ post }) => {
      expect(await post('/webhook', '{"a"')).toMatchObject({ status: 401 })
      expect(await post('/webhook', '{"a"', { headers: sign('{"a"') })).toMatchObject({ status: 400 })
    })
  })
})

describe('a webhook of several events, signed for the first', () => {
  const events = [identify({ traits: { text: 'a, ] \\" }' } }), identify()]
  const texts = [
    JSON.stringify(events),
    ` [ ${JSON.stringify(events[0])} , ${JSON.stringify(events[1])} ] `,
    `[${JSON.stringify(events[0])}]`
  ]
  const headers = sign(JSON.stringify(events[0]))

  it.each(texts)('is refused, and told why: %s', async (text) => {
    await withIntake({ sharedSecret: SECRET }, async ({ post, books }) => {
      expect(await post('/webhook', text, { headers })).toMatchObject({
        status: 401,
        body: { code: 'unauthorized', message: expect.stringContaining('--allow-first-event-signature') as string }
      })
      expect((await books()).intake.received).toBe(0)
    })
  })

  it.each(texts)('is taken where the operator allows it: %s', async (text) => {
    await withIntake({ sharedSecret: SECRET, allowFirstEventSignature: true }, async ({ post }) => {
      expect(await post('/webhook', text, { headers })).toMatchObject(SUCCESS)
    })
  })
})
