import type { IncomingMessage } from 'node:http'
import type { Room } from './admission.js'
import { badInput } from './http-error.js'

/** How much more than the limit is read and discarded, so that the client can read its answer. */
const MAX_DISCARDED_BYTES = 16 * 1024 * 1024

/**
 * Reads a body to its end, reserving memory in `room`. Rejects with HttpError if it is larger than `maxBytes`, if there
 * is no room for it, or if it is cut off.
 *
 * A refused body is still read for a while, and discarded: a client that is answered while it is sending often sees a
 * broken connection, which SDKs treat as temporary: they would resend the same body again and again.
 */
export function readBody(stream: IncomingMessage, maxBytes: number, room: Room): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = []
    let size = 0
    let refusal: unknown
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length
      try {
        if (refusal === undefined) hold(chunk)
      } catch (error) {
        refusal = error
        chunks = []
        room.release()
      }
      if (size > maxBytes + MAX_DISCARDED_BYTES) {
        stream.pause()
        reject(refusal)
      }
    })
    stream.on('end', () => (refusal === undefined ? resolve(Buffer.concat(chunks)) : reject(refusal)))
    // A close without an end means that the body was cut off.
    const breakOff = (): void => {
      if (!stream.readableEnded) reject(badInput('incomplete', 'the body was cut off'))
    }
    stream.on('error', breakOff)
    stream.on('close', breakOff)

    function hold(chunk: Buffer): void {
      if (size > maxBytes) throw tooLarge(maxBytes)
      room.take(chunk.length)
      chunks.push(chunk)
    }
  })
}

export function tooLarge(maxBytes: number): Error {
  return badInput('too_large', `the body is larger than ${maxBytes} bytes`)
}
