import { systemClock } from './delivery/clock.js'
import { silentLogger, type Logger } from './delivery/logger.js'
import { createWarningLogger } from './delivery/warning-logger.js'
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

/** What `accept` did with the events, committed to disk. `received = accepted + duplicates + rejected + ignored`. */
export interface Receipt {
  received: number
  accepted: number
  duplicates: number
  rejected: number
  ignored: number
  ignoredReasons: Partial<Record<IgnoredReason, number>>
  /** Why each rejected event was rejected. */
  rejections: Rejection[]
  /** Sequence numbers of the accepted events, for `countStates`; undefined if none was accepted. */
  range: SeqRange | undefined
}

export interface AcceptOptions {
  /** Ids of stored rejections that these events replace. */
  replacesRejections?: readonly number[]
}

/** Store settings that only our own commands change. See sqlite-store.ts. */
export type StoreTuning = Pick<SqliteStoreOptions, 'maxWalBytes' | 'acceptLockWaitMs'>

const SHUTDOWN_DEADLINE_MS = 10_000
const NO_CLIENT = { GotDoptClient: undefined }

/** Stores Segment events durably and delivers them to Dopt in the background. Created by `createForwarder`. */
export class Forwarder {
  readonly #retention: Retention | undefined

  private constructor(
    readonly store: Store,
    /** Resolves with the reason if the store's thread ends unexpectedly; the forwarder cannot be used after that. */
    readonly lost: Promise<StoreError>,
    readonly sender: Sender | undefined,
    private readonly client: GotDoptClient | undefined,
    private readonly translator: Translator,
    options: Omit<ResolvedOptions, 'apiKey'> & { logger: Logger }
  ) {
    if (sender !== undefined) {
      this.#retention = new Retention(store, options, systemClock, options.logger)
      this.#retention.start()
    }
  }

  /** `defaultLogger` is used if the options have none. Throws ConfigurationError or StoreError. */
  static async create(
    given: ForwarderOptions,
    tuning: StoreTuning = {},
    defaultLogger: Logger = silentLogger
  ): Promise<Forwarder> {
    // The key stays with the client: an object that has it may be logged.
    const { apiKey, logger = defaultLogger, ...rest } = await withSubscriptions(resolveOptions(given))
    const options = { ...rest, logger }
    const opening = ThreadedStore.open(options.store, {
      synchronous: options.synchronous,
      ...(options.maxStoreBytes !== undefined && { maxBytes: options.maxStoreBytes }),
      ...tuning
    })
    try {
      // These modules are slow to load: load them while the store's thread starts, and the client only if needed.
      const [store, { Translator }, { GotDoptClient }] = await Promise.all([
        opening,
        import('./translate/translator.js'),
        options.send ? import('./dopt/client.js') : NO_CLIENT
      ])
      const translator = new Translator(options)
      if (GotDoptClient === undefined)
        return new Forwarder(store, store.lost, undefined, undefined, translator, options)
      const client = new GotDoptClient({ ...options, apiKey, maxSockets: options.concurrency + 1 })
      const sender = new Sender(
        store,
        client,
        { ...options, backoff: { baseMs: options.retryBaseMs, maxMs: options.retryMaxMs } },
        systemClock,
        logger
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
   * Accepts one Segment event or an array of them. When it resolves, the accepted events are on disk and will be
   * delivered, now or after a restart. Rejects with StoreError; then none of these events was stored.
   */
  async accept(events: unknown): Promise<Receipt> {
    const list: readonly unknown[] = Array.isArray(events) ? events : [events]
    return this.acceptSourced(list.map((event) => ({ source: 'in process', value: { event } })))
  }

  /** Like `accept`, for events with a known source, some of which may not be valid events. */
  async acceptSourced(items: readonly SourcedEvent[], options: AcceptOptions = {}): Promise<Receipt> {
    const translated = new Translated()
    await this.translate(items, translated)
    return this.acceptTranslated(translated, options)
  }

  /** Translates these events and adds them to `to`, which is accepted as a whole. */
  async translate(items: readonly SourcedEvent[], to: Translated): Promise<void> {
    const events: unknown[] = []
    for (const { value } of items) if ('event' in value) events.push(value.event)
    const now = Date.now()
    const translations = await this.translator.translate(events, now)
    let next = 0
    for (const item of items) to.add(item, 'event' in item.value ? translations[next++] : undefined, now)
  }

  /** Like `accept`. If it rejects, it may be called again with the same events. */
  async acceptTranslated(translated: Translated, options: AcceptOptions = {}): Promise<Receipt> {
    const { received, events, kept, rejections, ignoredReasons } = translated
    const intake = { events, rejections: kept, ignored: ignoredReasons, ...options }
    const { accepted, duplicates, range } = await this.store.accept(intake)
    // A group is sent alone: it need not wait for others to fill its batch.
    const hasGroups = events.some(({ subject }) => subject === 'group')
    if (accepted > 0) this.sender?.wake(hasGroups ? undefined : accepted)
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

  /** Resolves when everything that is due has been attempted. */
  async drain(): Promise<void> {
    await this.sender?.drain()
  }

  /** Resolves when every event in the store is settled, or when there is no point in waiting any longer. */
  async untilSettled(options: { giveUpAfterMs: number; signal?: AbortSignal }): Promise<SettledReason> {
    const { store, sender } = this
    return sender === undefined ? 'settled' : untilSettled({ store, sender, clock: systemClock }, options)
  }

  /**
   * Resolves with `room` when a store that refused events with `limit` has room again, or with another reason when
   * there is no point in waiting any longer, for example because nothing is sent.
   */
  async untilRoom(options: { giveUpAfterMs: number; signal?: AbortSignal }): Promise<'room' | SettledReason> {
    const [store, sender, retention] = [this.store, this.sender, this.#retention]
    if (sender === undefined || retention === undefined) return 'settled'
    return untilRoom({ store, sender, retention, clock: systemClock }, options)
  }

  /** What the sender has done since it started; all zero without a sender. */
  get totals(): SenderTotals {
    return this.sender?.totals ?? noTotals()
  }

  /** Counts of the whole store. */
  async books(): Promise<Books> {
    return this.store.books()
  }

  /** How many of the events in these ranges (see `Receipt.range`) are in each state. */
  async countStates(ranges: readonly SeqRange[]): Promise<EventCounts> {
    return this.store.countStates(ranges)
  }

  /**
   * Waits for calls in flight (those still open after `deadlineMs`, 10 s by default, are aborted and sent again after
   * the next start), then closes the store.
   */
  async close(options: { deadlineMs?: number } = {}): Promise<void> {
    await this.#retention?.stop()
    await this.sender?.stop(options.deadlineMs ?? SHUTDOWN_DEADLINE_MS)
    this.client?.close()
    await this.store.close()
  }
}

/** Loading Segment's library is slow, and most configurations have no subscriptions. */
async function withSubscriptions(options: ResolvedOptions): Promise<ResolvedOptions> {
  const { subscriptions, api } = options
  if (subscriptions === undefined) return options
  const { readSubscriptions } = await import('./read-subscriptions.js')
  return { ...options, subscriptions: readSubscriptions(subscriptions, api) }
}

/**
 * Opens the store, becomes its only sender and starts to deliver. With `send: false` it only stores. Rejects with
 * ConfigurationError or StoreError (`in-use`: another process is sending from the store).
 */
export async function createForwarder(options: ForwarderOptions = {}): Promise<Forwarder> {
  return Forwarder.create(options, {}, createWarningLogger())
}
