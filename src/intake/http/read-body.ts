import type { IncomingMessage } from 'node:http'
import type { Room } from './admission.js'
import { badInput } from './http-error.js'

/** How much more than allowed is read and thrown away, so that the client gets to read its answer. */
const MAX_DISCARDED_BYTES = 16 * 1024 * 1024

/**
 * Reads a body to its end, in the room that it is given. Rejects with HttpError when it is larger than `maxBytes`, when
 * there is no room for it, or when it breaks off.
 *
 * What is refused is read on for a while and thrown away: answering while the client is still sending would often reach
 * it as a broken connection, which SDKs take for trouble that passes: they would send the same body again and again.
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
    // Without an end before it, a close is a break.
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
