import { constants, createReadStream, openSync, statSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { isGzip } from './detect-format.js'
import { gunzip } from './gunzip.js'
import type { InputErrors } from './input-error.js'

const FILE_BLOCK_BYTES = 256 * 1024

/** Throws InputError if a pipe cannot be opened. If a file cannot be opened, the stream fails. */
export function openFile(path: string, errors: InputErrors): Readable {
  return process.platform === 'linux' && isPipe(path)
    ? openPipe(path, errors)
    : createReadStream(path, { highWaterMark: FILE_BLOCK_BYTES })
}

/** Whether it is a regular file, not a pipe or a device. */
export function isPlainFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

function isPipe(path: string): boolean {
  try {
    return statSync(path).isFIFO()
  } catch {
    // Opening it will fail, with the reason.
    return false
  }
}

/**
 * Reads the pipe as a socket: opening or reading it as a file would block a thread until something is written, and
 * neither abort nor process exit could interrupt that. Only on Linux does this wait for the first writer; elsewhere it
 * ends at once.
 */
function openPipe(path: string, errors: InputErrors): Readable {
  try {
    return new Socket({
      fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK),
      readable: true,
      writable: false
    })
  } catch (error) {
    throw errors.reading(error)
  }
}

/**
 * The stream's bytes, block by block, decompressed if they are gzip.
 * @param onSourceBytes called with the size of each block before decompression
 * @throws InputError if the stream fails; GzipDamage
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
  throw new TypeError('The stream emits objects, not bytes')
}
