import type { Forwarder, Receipt, SourcedEvent } from '../forwarder.js'
import { readEvents, type ReadItem } from '../intake/read-events.js'
import { StoreError } from '../store/errors.js'
import type { Input } from './inputs.js'
import type { Tally } from './tally.js'

/** Events accepted in one commit. Each flushes the disk once, which costs as much as some hundred events. */
const CHUNK_ITEMS = 2000
/** The reader cuts the text of what is not an event at 4,096 characters, or one less at a surrogate pair. */
const CUT_CHARACTERS = 4095

export interface TakeInOptions {
  signal: AbortSignal
  onBytes: (bytes: number) => void
  onRejected: (source: string, reason: string) => void
  /** The store is at its limit: resolves to whether it has room again. */
  untilRoom: () => Promise<boolean>
}

/**
 * Reads one input to its end and has all of it accepted. A chunk is read and translated while the one before it is being
 * written, but not written before that one is: events without a time of their own are as old as their arrival, so the
 * order of the input is worth keeping, also when the store refuses a chunk. Throws InputError and StoreError; what the
 * tally holds by then was accepted.
 */
export async function takeIn(forwarder: Forwarder, input: Input, tally: Tally, options: TakeInOptions): Promise<void> {
  const { onBytes, onRejected } = options
  const refused = new AbortController()
  const signal = AbortSignal.any([options.signal, refused.signal])
  const chunks = readEvents(input.source, input.name, { chunkItems: CHUNK_ITEMS, onSourceBytes: onBytes, signal })
  let last: Promise<void> = Promise.resolve()
  try {
    for await (const items of chunks) {
      const before = last
      last = acceptChunk(items, before)
      // A source that gives nothing just now must not keep the news from us.
      last.catch(() => refused.abort())
      await before
    }
  } finally {
    await last
  }

  async function acceptChunk(items: readonly ReadItem[], after: Promise<void>): Promise<void> {
    const events = items.map((item) => toSourced(input.name, item))
    const receipt = await acceptWithRoom(events, after)
    tally.add(receipt)
    for (const { index, reason } of receipt.rejections) onRejected(events[index]?.source ?? input.name, reason)
  }

  async function acceptWithRoom(events: readonly SourcedEvent[], after: Promise<void>): Promise<Receipt> {
    for (;;) {
      try {
        return await forwarder.acceptSourced(events, { after })
      } catch (error) {
        // Where the chunk before was refused, this one is, too, and there is nothing to wait for.
        await after
        const isAtLimit = error instanceof StoreError && error.code === 'limit'
        if (!isAtLimit || !(await options.untilRoom())) throw error
      }
    }
  }
}

function toSourced(name: string, item: ReadItem): SourcedEvent {
  const source = `${name}:${item.line}`
  if (item.kind === 'event') return { source, value: { event: item.event } }
  const { reason, raw } = item
  return { source, value: { malformed: reason, raw, complete: raw.length < CUT_CHARACTERS } }
}
