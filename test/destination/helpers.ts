import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { createTestEvent, type SegmentEvent } from '@segment/actions-core'
import { DEFAULT_ENDPOINT, type Settings } from '../../src/destination/index.js'

export const SETTINGS: Settings = { apiKey: 'users-api-key', endpoint: DEFAULT_ENDPOINT, api: 'bulk' }

/** An identify as Segment hands it to a destination. */
export function identify(userId: string, traits: object = {}, more: Partial<SegmentEvent> = {}): SegmentEvent {
  return createTestEvent({ type: 'identify', userId, traits: { ...traits }, ...more })
}

/** A group call as Segment hands it to a destination. */
export function group(groupId: string, traits: object = {}, more: Partial<SegmentEvent> = {}): SegmentEvent {
  return createTestEvent({ type: 'group', groupId, traits: { ...traits }, ...more })
}

/** Fields of an event that are not of the types they should have, as they are in real traffic. */
export function malformed(fields: Record<string, unknown>): Partial<SegmentEvent> {
  return fields
}

export interface ReceivedRequest {
  method: string
  /** As it came over the wire. */
  path: string
  headers: IncomingHttpHeaders
  body: unknown
}

/** The identifiers in the body of a bulk call, in order. */
export function identifiersOf(body: unknown): unknown[] {
  if (!Array.isArray(body)) return []
  return body.map((user: unknown) =>
    typeof user === 'object' && user !== null && '__dopt_identifier' in user ? user.__dopt_identifier : undefined
  )
}

/** Runs an HTTP server on a free port while `use` is at work, and closes it and its connections afterwards. */
export async function withServer(
  answer: (response: ServerResponse, request: ReceivedRequest) => void,
  use: (url: string, requests: ReceivedRequest[]) => Promise<void>
): Promise<void> {
  const requests: ReceivedRequest[] = []
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const request = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        headers: incoming.headers,
        body: JSON.parse(Buffer.concat(chunks).toString()) as unknown
      }
      requests.push(request)
      answer(response, request)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  try {
    await use(`http://127.0.0.1:${address.port}`, requests)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

/** Answers as Dopt does when all is well. */
export function acceptAll(response: ServerResponse, { body }: ReceivedRequest): void {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ count: Array.isArray(body) ? body.length : 1 }))
}

/** An address at which nobody listens. */
export async function closedAddress(): Promise<string> {
  let address = ''
  await withServer(acceptAll, async (url) => {
    address = url
  })
  return address
}
