import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  createTestEvent,
  Destination,
  type ActionDefinition,
  type DestinationDefinition,
  type JSONObject
} from '@segment/actions-core'
import { firstElement } from '../../../src/intake/http/json-text.js'
import { SUCCESS, withIntake } from './with-intake.js'

const SECRET = 'shared secret'

interface Settings {
  sharedSecret: string
}

interface Payload {
  url: string
  data: object
}

const send: ActionDefinition<Settings, Payload> = {
  title: 'Send',
  description: 'Send an HTTP request.',
  fields: {
    url: { label: 'URL', description: 'Where to.', type: 'string' },
    data: { label: 'Data', description: 'What.', type: 'object', default: { '@path': '$.' } }
  },
  perform: (request, { payload }) => request(payload.url, { method: 'PUT', json: payload.data }),
  performBatch: (request, { payload }) =>
    request(payload[0]?.url ?? '', { method: 'POST', json: payload.map(({ data }) => data) })
}

/**
 * A destination that signs by the rules which Segment documents for its webhooks: the hex HMAC-SHA1 of the JSON text of
 * the event's data; of a batch, of the first event today, and of the whole in the change that is under review.
 */
function signingDestination(ofBatch: 'first' | 'all'): Destination<Settings> {
  const definition: DestinationDefinition<Settings> = {
    name: `Webhook-${ofBatch}`,
    mode: 'cloud',
    extendRequest: ({ settings, payload }) => {
      const data = dataOf(payload)
      const signed: unknown = Array.isArray(data) && ofBatch === 'first' ? data[0] : data
      const hmac = createHmac('sha1', settings.sharedSecret).update(JSON.stringify(signed), 'utf8')
      return { headers: { 'X-Signature': hmac.digest('hex'), 'User-Agent': 'Segment (Actions)' } }
    },
    actions: { send }
  }
  return new Destination(definition)
}

function dataOf(payload: unknown): unknown {
  if (Array.isArray(payload)) return payload.map(dataOf)
  return typeof payload === 'object' && payload !== null && 'data' in payload ? payload.data : undefined
}

interface Recorded {
  method: 'POST' | 'PUT'
  body: Buffer
  headers: { 'x-signature': string; 'user-agent': string; 'content-type': string }
}

/** What goes over the wire while `use` runs: bytes as they were. */
async function record(use: (settings: JSONObject) => Promise<unknown>): Promise<Recorded[]> {
  const recorded: Recorded[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const header = (name: string): string => String(request.headers[name])
      recorded.push({
        method: request.method === 'PUT' ? 'PUT' : 'POST',
        body: Buffer.concat(chunks),
        headers: {
          'x-signature': header('x-signature'),
          'user-agent': header('user-agent'),
          'content-type': header('content-type')
        }
      })
      response.end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const mapping = { url: `http://127.0.0.1:${port}/webhook`, data: { '@path': '$.' } }
  try {
    const subscription = { name: 'all', enabled: true, subscribe: 'type = "identify"', partnerAction: 'send', mapping }
    await use({ sharedSecret: SECRET, subscriptions: [subscription] })
  } finally {
    server.closeAllConnections()
    server.close()
  }
  return recorded
}

function signatureOf(bytes: Buffer): string {
  return createHmac('sha1', SECRET).update(bytes).digest('hex')
}

const EVENTS = [1, 2, 3].map((n) =>
  createTestEvent({ type: 'identify', userId: `user-${n}`, messageId: `m-${n}`, traits: { name: 'Zoë ✓', n, f: 1e21 } })
)

describe("Segment's webhooks, as actions-core sends them", () => {
  it('are signed over the bytes that are sent, when they bring one event', async () => {
    const [first] = EVENTS
    const sent = await record(async (settings) => first && signingDestination('first').onEvent(first, settings))

    expect(sent).toHaveLength(1)
    for (const { body, headers } of sent) expect(headers['x-signature']).toBe(signatureOf(body))
    await withIntake({ sharedSecret: SECRET }, async ({ post, books }) => {
      for (const { body, ...rest } of sent) expect(await post('/webhook', body, rest)).toMatchObject(SUCCESS)
      expect((await books()).intake).toMatchObject({ accepted: 1, rejected: 0 })
    })
  })

  it('are taken in batches that are signed as a whole', async () => {
    const sent = await record(async (settings) => signingDestination('all').onBatch(EVENTS, settings))

    expect(sent).toHaveLength(1)
    for (const { body, headers } of sent) expect(headers['x-signature']).toBe(signatureOf(body))
    await withIntake({ sharedSecret: SECRET }, async ({ post, books }) => {
      for (const { body, ...rest } of sent) expect(await post('/webhook', body, rest)).toMatchObject(SUCCESS)
      expect((await books()).intake).toMatchObject({ accepted: 3, rejected: 0 })
    })
  })

  it('are taken in batches that are signed for their first event only where that is allowed', async () => {
    const sent = await record(async (settings) => signingDestination('first').onBatch(EVENTS, settings))

    expect(sent).toHaveLength(1)
    for (const { body, headers } of sent) {
      // The signature is over a part of the very bytes that are sent, and that part is what we take for the first event.
      const first = firstElement(body) ?? Buffer.alloc(0)
      expect(body.subarray(0, first.length + 2).toString()).toBe(`[${first.toString()},`)
      expect(JSON.parse(first.toString())).toMatchObject({ messageId: 'm-1' })
      expect(headers['x-signature']).toBe(signatureOf(first))
      expect(headers['x-signature']).not.toBe(signatureOf(body))
    }
    for (const [allowFirstEventSignature, status, accepted] of [
      [false, 401, 0],
      [true, 200, 3]
    ] as const) {
      await withIntake({ sharedSecret: SECRET, allowFirstEventSignature }, async ({ post, books }) => {
        for (const { body, ...rest } of sent) expect(await post('/webhook', body, rest)).toMatchObject({ status })
        expect((await books()).intake.accepted).toBe(accepted)
      })
    }
  })
})
