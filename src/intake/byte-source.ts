import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { isGzip } from './detect-format.js'
import { gunzip } from './gunzip.js'
import type { InputErrors } from './input-error.js'

const FILE_BLOCK_BYTES = 256 * 1024

export function openFile(path: string): Readable {
  return createReadStream(path, { highWaterMark: FILE_BLOCK_BYTES })
}

/**
 * The stream's bytes, block by block, decoded if they are gzip.
 * @param onSourceBytes called with the size of each block before decoding
 * @throws InputError when the stream fails, GzipDamage
 */
export async function* decodedBlocks(
  stream: Readable,
  errors: InputErrors,
  onSourceBytes: (bytes: number) => void
): AsyncGenerator<Buffer, void, undefined> {
  const blocks = rawBlocks(stream, errors, onSourceBytes)
  let head: Buffer = Buffer.alloc(0)
  for await (const block of blocks) {
    head = head.length === 0 ? block : Buffer.concat([head, block])
    if (head.length < 2) continue
    const all = startingWith(head, blocks)
    yield* isGzip(head) ? gunzip(all) : all
    return
  }
  if (head.length > 0) yield head
}

async function* startingWith(head: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  yield head
  yield* rest
}

async function* rawBlocks(
  stream: Readable,
  errors: InputErrors,
  onSourceBytes: (bytes: number) => void
): AsyncGenerator<Buffer, void, undefined> {
  const chunks: AsyncIterable<unknown> = stream
  try {
    for await (const chunk of chunks) {
      const block = toBuffer(chunk)
      onSourceBytes(block.length)
      if (block.length > 0) yield block
    }
  } catch (error) {
    throw errors.reading(error)
  }
}

function toBuffer(chunk: unknown): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk
  if (typeof chunk === 'string') return Buffer.from(chunk)
  if (chunk instanceof Uint8Array) return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  throw new TypeError('The stream gives objects where bytes are needed')
}
