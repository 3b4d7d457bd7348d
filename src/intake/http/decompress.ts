import { promisify } from 'node:util'
import { gunzip, inflate, inflateRaw } from 'node:zlib'
import { badInput, HttpError } from './http-error.js'
import { tooLarge } from './read-body.js'

const METHODS = { gzip: promisify(gunzip), inflate: promisify(inflate), inflateRaw: promisify(inflateRaw) }

/**
 * Undoes a `Content-Encoding`. Rejects with HttpError if the encoding is unknown, the data is damaged, or it
 * decompresses to more than `maxBytes` (and stops there).
 */
export async function decompress(body: Buffer, encoding: string | undefined, maxBytes: number): Promise<Buffer> {
  const method = methodOf(encoding, body)
  if (method === undefined) return body
  try {
    return await METHODS[method](body, { maxOutputLength: maxBytes })
  } catch (error) {
    if (isTooLarge(error)) throw tooLarge(maxBytes)
    throw badInput('invalid_encoding', `the body is damaged, or not encoded as content-encoding says`)
  }
}

function isTooLarge(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
}

function methodOf(encoding: string | undefined, body: Buffer): keyof typeof METHODS | undefined {
  switch (encoding?.trim().toLowerCase()) {
    case undefined:
    case '':
    case 'identity':
      return undefined
    case 'gzip':
    case 'x-gzip':
      return 'gzip'
    case 'deflate':
      return hasZlibHeader(body) ? 'inflate' : 'inflateRaw'
    default:
      throw new HttpError(415, 'invalid_encoding', 'content-encoding must be gzip, deflate or identity')
  }
}

/** The standard requires this header for `deflate`, but some clients omit it. */
function hasZlibHeader(body: Buffer): boolean {
  const [method = 0, flags = 0] = body
  return (method & 0x0f) === 8 && ((method << 8) | flags) % 31 === 0
}
