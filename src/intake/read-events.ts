import type { Readable } from 'node:stream'
import { decodedBlocks, isPlainFile, openFile } from './byte-source.js'
import { EventParser } from './event-parser.js'
import { GzipDamage } from './gunzip.js'
import { InputErrors } from './input-error.js'
import { PAUSED, withPauses } from './pauses.js'
import type { ReadItem } from './read-item.js'

export { InputError, type InputErrorCode } from './input-error.js'
export { PAUSED } from './pauses.js'
export type { MalformedValue, ReadEvent, ReadItem } from './read-item.js'

export interface ReadOptions {
  /** A larger event, in bytes, is malformed. Default 1 MiB. Also roughly limits the memory used per event. */
  maxEventBytes?: number
  /** Items per chunk. Default 500. */
  chunkItems?: number
  /** A chunk ends after this many bytes of input, however few items it has. Default 2 MiB. */
  chunkBytes?: number
  /** Called with the number of bytes just read from the source, before decompression: for a progress bar. */
  onSourceBytes?: (bytes: number) => void
  /** Ends reading early and without an error, even while waiting for the source. */
  signal?: AbortSignal
}

const DEFAULTS = { maxEventBytes: 1024 * 1024, chunkItems: 500, chunkBytes: 2 * 1024 * 1024 } satisfies ReadOptions
/** A source that pauses this long is probably live: the items read so far are yielded. */
const PAUSE_MS = 50

/**
 * Reads events from NDJSON or from a JSON array, either of them gzipped or not, in bounded memory. Yields chunks of
 * items in the order of the input, never empty ones; reads ahead by at most one block.
 *
 * No value ends reading: a value that is not an event becomes an item of kind `malformed`. An empty file is an error;
 * an empty stream, pipe or device is not. However reading ends, the source is closed.
 *
 * @param source a path, or a stream of bytes
 * @param name the name of the source in messages
 * @throws InputError if the source, or the rest of it, cannot be read
 */
export async function* readEvents(
  source: string | Readable,
  name: string,
  options: ReadOptions = {}
): AsyncGenerator<ReadItem[], void, undefined> {
  for await (const items of readWithPauses(source, name, options)) if (items !== PAUSED) yield items
}

/** The same, and yields PAUSED, after the items read so far, whenever the source pauses for a while. */
export async function* readWithPauses(
  source: string | Readable,
  name: string,
  options: ReadOptions = {}
): AsyncGenerator<ReadItem[] | typeof PAUSED, void, undefined> {
  const { signal, onSourceBytes = () => {} } = options
  const limits = {
    maxEventBytes: options.maxEventBytes ?? DEFAULTS.maxEventBytes,
    chunkItems: options.chunkItems ?? DEFAULTS.chunkItems,
    chunkBytes: options.chunkBytes ?? DEFAULTS.chunkBytes
  }
  const isFile = typeof source === 'string'
  const errors = new InputErrors(name)
  const stream = isFile ? openFile(source, errors) : source
  const parser = new EventParser(limits, errors)
  const blocks = decodedBlocks(stream, errors, onSourceBytes)
  const abort = (): void => void stream.destroy()
  signal?.addEventListener('abort', abort)

  try {
    if (signal?.aborted) return
    for await (const block of withPauses(blocks, PAUSE_MS)) {
      yield* block === PAUSED ? parser.flush() : parser.push(block)
      if (block === PAUSED) yield PAUSED
    }
    yield* parser.end()
    if (isFile && parser.isBlank && isPlainFile(source)) throw errors.empty()
  } catch (error) {
    if (signal?.aborted) return
    yield* parser.cutOff()
    throw error instanceof GzipDamage ? errors.damagedGzip(parser.completeLines, error.cause) : error
  } finally {
    signal?.removeEventListener('abort', abort)
    // The stream first: this ends the wait for a block.
    stream.destroy()
    await blocks.return()
    if (isFile && !stream.closed) await new Promise((resolve) => stream.once('close', resolve))
  }
}
