import type { IncomingMessage } from 'node:http'
import { badInput } from './http-error.js'

/** How much more than allowed is read and thrown away, so that the client gets to read its answer. */
const MAX_DISCARDED_BYTES = 16 * 1024 * 1024

/**
 * Reads a body to its end. Rejects with HttpError when it is larger than `maxBytes` or breaks off.
 *
 * What is too large is read on for a while and thrown away: answering while the client is still sending would often reach
 * it as a broken connection, which SDKs take for trouble that passes: they would send the same body again and again.
 */
export function readBody(stream: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = []
    let size = 0
    const refuse = (): void => reject(tooLarge(maxBytes))
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= maxBytes) {
        chunks.push(chunk)
        return
      }
      chunks = []
      if (size > maxBytes + MAX_DISCARDED_BYTES) {
        stream.pause()
        refuse()
      }
    })
    stream.on('end', () => (size > maxBytes ? refuse() : resolve(Buffer.concat(chunks))))
    // Without an end before it, a close is a break.
    const breakOff = (): void => {
      if (!stream.readableEnded) reject(badInput('incomplete', 'the body broke off'))
    }
    stream.on('error', breakOff)
    stream.on('close', breakOff)
  })
}

export function tooLarge(maxBytes: number): Error {
  return badInput('too_large', `the body has more than ${maxBytes} bytes`)
}
