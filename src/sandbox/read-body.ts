import type { IncomingMessage } from 'node:http'
import { ApiError } from './api-error.js'

/**
 * Reads a body as text. Throws an `ApiError`: 413 if it is larger than `maxBytes`, 400 if it is cut off.
 *
 * A body that is too large is read to its end and discarded: a client that is answered while it is sending often sees a
 * broken connection instead of the 413.
 */
export function readBody(stream: IncomingMessage, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = []
    let size = 0
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= maxBytes) chunks.push(chunk)
      else chunks = []
    })
    stream.on('end', () => {
      if (size > maxBytes) reject(new ApiError(413, `the body is larger than ${maxBytes} bytes`))
      else resolve(decode(chunks))
    })
    stream.on('error', () => reject(new ApiError(400, 'the body was cut off')))
  })
}

function decode(chunks: Buffer[]): string {
  const [first] = chunks
  return first !== undefined && chunks.length === 1 ? first.toString('utf8') : Buffer.concat(chunks).toString('utf8')
}

/**
 * Plain `JSON.parse`, on purpose: a key named `__proto__` becomes an ordinary own property, which is harmless unless it
 * is assigned (see `state.ts`). Fastify's own parser would refuse such a body; as far as is known, Dopt does not.
 */
export function parseJson(text: unknown, contentType: string | undefined): unknown {
  if (contentType === undefined || !/^application\/json\s*(;|$)/i.test(contentType)) {
    throw new ApiError(400, 'send JSON, with content-type: application/json')
  }
  try {
    return JSON.parse(typeof text === 'string' ? text : '')
  } catch {
    // The parser's own message quotes the body, which is personal data.
    throw new ApiError(400, 'the body is not valid JSON')
  }
}
