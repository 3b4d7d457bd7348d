import { systemClock } from './delivery/clock.js'
import { silentLogger } from './delivery/logger.js'
import { Retention } from './delivery/retention.js'
import { untilRoom } from './delivery/room.js'
import { Sender } from './delivery/sender.js'
import { untilSettled, type SettledReason } from './delivery/settled.js'
import { noTotals, type SenderTotals } from './delivery/totals.js'
import type { GotDoptClient } from './dopt/client.js'
import { resolveOptions, type ForwarderOptions, type ResolvedOptions } from './options.js'
import type { StoreError } from './store/errors.js'
import type { SqliteStoreOptions } from './store/sqlite-store.js'
import type { Books, EventCounts, SeqRange, Store } from './store/store.js'
import { ThreadedStore } from './store/thread/threaded-store.js'
import type { IgnoredReason } from './translate/translation.js'
import { Translated, type Rejection, type SourcedEvent } from './translate/translated.js'
import type { Translator } from './translate/translator.js'

export type { Rejection, SourcedEvent }

/** What became of the events handed to `accept`, committed to disk. `received` is the sum of the other four. */
export interface Receipt {
  received: number
  accepted: number
  duplicates: number
  rejected: number
  ignored: number
  ignoredReasons: Partial<Record<IgnoredReason, number>>
  rejections: Rejection[]
  /** Arrival numbers of the accepted events, to ask later where they stand. */
  range: SeqRange | undefined
}

export interface AcceptOptions {
  /** Rejections kept in the store that these events replace. */
  replacesRejections?: readonly number[]
}

/** What our own commands know better of their store than whoever uses a forwarder in process. See sqlite-store.ts. */
export type StoreTuning = Pick<SqliteStoreOptions, 'maxWalBytes' | 'acceptLockWaitMs'>

const SHUTDOWN_DEADLINE_MS = 10_000
const NO_CLIENT = { GotDoptClient: undefined }

/** Segment events in, users in Dopt out, with a durable store between. Made by `createForwarder`. */
export class Forwarder {
  readonly #retention: Retention | undefined

  private constructor(
    readonly store: Store,
    /** Resolves when the store's thread has ended by itself, to why: nothing works any more. */
    readonly lost: Promise<StoreError>,
    readonly sender: Sender | undefined,
    private readonly client: GotDoptClient | undefined,
    private readonly translator: Translator,
    options: ResolvedOptions
  ) {
    if (sender !== undefined) {
      this.#retention = new Retention(store, options, systemClock, options.logger ?? silentLogger)
      this.#retention.start()
    }
  }

  /** Throws ConfigurationError or StoreError. */
  static async create(given: ForwarderOptions, tuning: StoreTuning = {}): Promise<Forwarder> {
    const options = await withSubscriptions(resolveOptions(given))
    const opening = ThreadedStore.open(options.store, {
      synchronous: options.synchronous,
      ...(options.maxStoreBytes !== undefined && { maxBytes: options.maxStoreBytes }),
      ...tuning
    })
    try {
      // What takes long to load is loaded while the store's thread starts, and the client only for who sends.
      const [store, { Translator }, { GotDoptClient }] = await Promise.all([
        opening,
        import('./translate/translator.js'),
        options.send ? import('./dopt/client.js') : NO_CLIENT
      ])
      const translator = new Translator(options)
      if (GotDoptClient === undefined)
        return new Forwarder(store, store.lost, undefined, undefined, translator, options)
      const client = new GotDoptClient({ ...options, maxSockets: options.concurrency + 1 })
      const sender = new Sender(
        store,
        client,
        { ...options, backoff: { baseMs: options.retryBaseMs, maxMs: options.retryMaxMs } },
        systemClock,
        options.logger ?? silentLogger
      )
      await sender.start().catch((error: unknown) => {
        client.close()
        throw error
      })
      return new Forwarder(store, store.lost, sender, client, translator, options)
    } catch (error) {
      const close = (store: Store): Promise<void> => store.close()
      await opening.then(close, () => undefined)
      throw error
    }
  }

  /**
   * Takes in one Segment event or several. When it resolves, what was accepted is on disk and will reach Dopt, now or
   * after a restart. Rejects with StoreError, and then none of these events was taken.
   */
  async accept(events: unknown): Promise<Receipt> {
    const list: readonly unknown[] = Array.isArray(events) ? events : [events]
    return this.acceptSourced(list.map((event) => ({ source: 'in process', value: { event } })))
  }

  /** As `accept`, for events whose origin is known, some of which may not be events at all. */
  async acceptSourced(items: readonly SourcedEvent[], options: AcceptOptions = {}): Promise<Receipt> {
    const translated = new Translated()
    await this.translate(items, translated)
    return this.acceptTranslated(translated, options)
  }

  /** Adds these to what is to be accepted together. */
  async translate(items: readonly SourcedEvent[], to: Translated): Promise<void> {
    const events: unknown[] = []
    for (const { value } of items) if ('event' in value) events.push(value.event)
    const translations = await this.translator.translate(events, Date.now())
    let next = 0
    for (const item of items) to.add(item, 'event' in item.value ? translations[next++] : undefined)
  }

  /** As `accept`. May be called again with the same when it rejects. */
  async acceptTranslated(translated: Translated, options: AcceptOptions = {}): Promise<Receipt> {
    const { received, events, kept, rejections, ignoredReasons } = translated
    const intake = { events, rejections: kept, ignored: ignoredReasons, ...options }
    const { accepted, duplicates, range } = await this.store.accept(intake)
    if (accepted > 0) this.sender?.wake()
    return {
      received,
      accepted,
      duplicates,
      rejected: kept.length,
      ignored: received - events.length - kept.length,
      ignoredReasons,
      rejections,
      range
    }
  }

  /** Resolves when everything that is due has been tried. */
  async drain(): Promise<void> {
    await this.sender?.drain()
  }

  /** Resolves when all that the store holds is settled, or when waiting on has no sense. */
  async untilSettled(options: { giveUpAfterMs: number; signal?: AbortSignal }): Promise<SettledReason> {
    const { store, sender } = this
    return sender === undefined ? 'settled' : untilSettled({ store, sender, clock: systemClock }, options)
  }

  /**
   * Resolves when a store that refused events with `limit` has room again, or to something else when waiting on has no
   * sense, as where nothing is sent.
   */
  async untilRoom(options: { giveUpAfterMs: number; signal?: AbortSignal }): Promise<'room' | SettledReason> {
    const [store, sender, retention] = [this.store, this.sender, this.#retention]
    if (sender === undefined || retention === undefined) return 'settled'
    return untilRoom({ store, sender, retention, clock: systemClock }, options)
  }

  /** What the sender has done since it started. */
  get totals(): SenderTotals {
    return this.sender?.totals ?? noTotals()
  }

  /** The whole store's books. */
  async books(): Promise<Books> {
    return this.store.books()
  }

  /** Where the events of these receipts' ranges stand. */
  async countStates(ranges: readonly SeqRange[]): Promise<EventCounts> {
    return this.store.countStates(ranges)
  }

  /** Lets calls in flight end (cut short after `deadlineMs`, and sent again by the next start), then closes the store. */
  async close(options: { deadlineMs?: number } = {}): Promise<void> {
    await this.#retention?.stop()
    await this.sender?.stop(options.deadlineMs ?? SHUTDOWN_DEADLINE_MS)
    this.client?.close()
    await this.store.close()
  }
}

/** What reads them takes long to load, and most have none. */
async function withSubscriptions(options: ResolvedOptions): Promise<ResolvedOptions> {
  const { subscriptions, api } = options
  if (subscriptions === undefined) return options
  const { readSubscriptions } = await import('./read-subscriptions.js')
  return { ...options, subscriptions: readSubscriptions(subscriptions, api) }
}

/** Opens the store, becomes its sender and begins to deliver. Throws ConfigurationError or StoreError. */
export async function createForwarder(options: ForwarderOptions): Promise<Forwarder> {
  return Forwarder.create(options)
}
