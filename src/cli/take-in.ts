import type { Forwarder, Receipt, SourcedEvent } from '../forwarder.js'
import { PAUSED, readWithPauses, type ReadItem } from '../intake/read-events.js'
import { StoreError } from '../store/errors.js'
import { Translated } from '../translate/translated.js'
import type { Input } from './inputs.js'
import type { Tally } from './tally.js'

/** Events accepted per commit. Each commit flushes the disk, which costs as much as some hundred events. */
const CHUNK_ITEMS = 2000
/** The same in bytes of input. (Of what is not an event only the beginning counts, because only that is kept.) */
const CHUNK_BYTES = 2 * 1024 * 1024
/** Read and translated at a time. A translated event is far smaller than the event, which is then freed. */
const SLICE = { chunkItems: 250, chunkBytes: 256 * 1024 }
/** The reader truncates the text of what is not an event at 4,096 characters, or one less at a surrogate pair. */
const CUT_CHARACTERS = 4095

export interface TakeInOptions {
  signal: AbortSignal
  onBytes: (bytes: number) => void
  onRejected: (source: string, reason: string) => void
  onUntimed: (source: string) => void
  /** Called when the store is at its limit; resolves to whether it has space again. */
  untilRoom: () => Promise<boolean>
}

/**
 * Reads one input to its end and accepts it, a chunk at a time. A chunk is read and translated while the one before it is
 * being written, but written only after it: events without a timestamp get their arrival's, so the order of the input
 * matters, also when the store refuses a chunk. Throws InputError and StoreError; what the tally contains by then was
 * accepted.
 */
export async function takeIn(forwarder: Forwarder, input: Input, tally: Tally, options: TakeInOptions): Promise<void> {
  const { onBytes, onRejected, onUntimed } = options
  const refused = new AbortController()
  const signal = AbortSignal.any([options.signal, refused.signal])
  const slices = readWithPauses(input.source, input.name, { ...SLICE, onSourceBytes: onBytes, signal })
  let chunk = new Translated()
  let chunkBytes = 0
  let last: Promise<void> = Promise.resolve()
  try {
    for await (const items of slices) {
      if (items !== PAUSED) {
        await forwarder.translate(toSourced(input.name, items), chunk)
        chunkBytes += bytesOf(items)
      }
      // A source that pauses is live: accept what it gave instead of waiting for more.
      if (items === PAUSED || chunk.received >= CHUNK_ITEMS || chunkBytes >= CHUNK_BYTES) await endChunk()
    }
  } finally {
    // Also accepts what was read before the input turned out to be damaged.
    await endChunk()
    await last
  }

  async function endChunk(): Promise<void> {
    if (chunk.received === 0) return
    const full = chunk
    chunk = new Translated()
    chunkBytes = 0
    await last
    last = acceptChunk(full)
    // Stop reading at once: a source that gives nothing for a while would delay the error.
    last.catch(() => refused.abort())
  }

  async function acceptChunk(full: Translated): Promise<void> {
    tally.add(await acceptWithRoom(full))
    for (const { source, reason } of full.kept) onRejected(source, reason)
    for (const source of full.untimed) onUntimed(source)
  }

  async function acceptWithRoom(full: Translated): Promise<Receipt> {
    for (;;) {
      try {
        return await forwarder.acceptTranslated(full)
      } catch (error) {
        const isAtLimit = error instanceof StoreError && error.code === 'limit'
        if (!isAtLimit || !(await options.untilRoom())) throw error
      }
    }
  }
}

function bytesOf(items: readonly ReadItem[]): number {
  let bytes = 0
  for (const item of items) bytes += item.kind === 'event' ? item.bytes : item.raw.length
  return bytes
}

function toSourced(name: string, items: readonly ReadItem[]): SourcedEvent[] {
  const sourced: SourcedEvent[] = []
  for (const item of items) sourced.push({ source: `${name}:${item.line}`, value: valueOf(item) })
  return sourced
}

function valueOf(item: ReadItem): SourcedEvent['value'] {
  if (item.kind === 'event') return { event: item.event }
  const { reason, raw } = item
  return { malformed: reason, raw, complete: raw.length < CUT_CHARACTERS }
}
