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
  /** A larger event is malformed, in bytes. Default 1 MiB. No more than about this is ever kept of one event. */
  maxEventBytes?: number
  /** How many items make a chunk. Default 500. */
  chunkItems?: number
  /** After how many bytes of input a chunk is ended, however few items it has by then. Default 2 MiB. */
  chunkBytes?: number
  /** Called with the number of bytes just taken from the source, before they are unpacked: for a progress bar. */
  onSourceBytes?: (bytes: number) => void
  /** Ends the reading early and without an error, also while the source gives nothing. */
  signal?: AbortSignal
}

const DEFAULTS = { maxEventBytes: 1024 * 1024, chunkItems: 500, chunkBytes: 2 * 1024 * 1024 } satisfies ReadOptions
/** A source that pauses this long is probably a live one: what it has given so far is handed out. */
const PAUSE_MS = 50

/**
 * Reads events from NDJSON or from a JSON array, either of them gzipped or not, in bounded memory. Yields chunks of
 * items in the order of the input, never an empty one; reads ahead by no more than one block.
 *
 * Nothing in a value ends the reading: what is not an event is an item of the kind `malformed`. A blank file is an
 * error; a blank stream is not, nor is a pipe or a device that has a path. However the reading ends, the source is
 * closed.
 *
 * @param source a path, or a stream of bytes
 * @param name what messages call the source
 * @throws InputError when the source as a whole, or the rest of it, cannot be read
 */
export async function* readEvents(
  source: string | Readable,
  name: string,
  options: ReadOptions = {}
): AsyncGenerator<ReadItem[], void, undefined> {
  for await (const items of readWithPauses(source, name, options)) if (items !== PAUSED) yield items
}

/** The same, with PAUSED after what there was whenever the source gives nothing for a while. */
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
    // First the stream: where a block is still awaited, that wait ends with it.
    stream.destroy()
    await blocks.return()
    if (isFile && !stream.closed) await new Promise((resolve) => stream.once('close', resolve))
  }
}
