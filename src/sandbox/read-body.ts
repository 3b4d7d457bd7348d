import type { IncomingMessage } from 'node:http'
import { ApiError } from './api-error.js'

/**
 * Reads a body as text. Throws an `ApiError`: 413 when it is larger than `maxBytes`, 400 when it breaks off.
 *
 * What is too large is read to its end and thrown away: answering while the client is still sending would often reach
 * it as a broken connection instead of as a 413.
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
 * `JSON.parse` as it is, on purpose: a key called `__proto__` becomes an ordinary own property and does no harm as long
 * as nobody assigns it (see `state.ts`). Fastify's own parser would refuse such a body, which Dopt is not known to do.
 */
export function parseJson(text: unknown, contentType: string | undefined): unknown {
  if (contentType === undefined || !/^application\/json\s*(;|$)/i.test(contentType)) {
    throw new ApiError(400, 'send JSON, with content-type: application/json')
  }
  try {
    return JSON.parse(typeof text === 'string' ? text : '')
  } catch {
    // The parser's own message quotes the body, and bodies are people's data.
    throw new ApiError(400, 'the body is not valid JSON')
  }
}
