import { resolveOptions, type ForwarderOptions } from '../../options.js'
import { readSubscriptions } from '../../read-subscriptions.js'
import { StoreError } from '../../store/errors.js'
import { Coalescer } from '../coalescer.js'
import { settlesWithin } from '../settles-within.js'
import { Standby, STANDBY_DEFAULTS, type StandbyOptions } from './standby.js'

/** What the plugin needs of the SDK's context: `Context` of `@segment/analytics-node` has it. */
export interface EventContext {
  event: object
  setFailedDelivery(options: { reason: unknown }): void
}

type TakeEvent = <Context extends EventContext>(context: Context) => Promise<Context>

/**
 * A destination plugin: `Plugin` of `@segment/analytics-node`, told by its shape, so that nobody has to install the SDK
 * who does not use it.
 */
export interface DoptPlugin {
  readonly name: string
  /** `integrations` may call us by this name as well. */
  readonly alternativeNames: string[]
  readonly type: 'destination'
  isLoaded(): boolean
  load(): Promise<void>
  /** What `analytics.deregister('Dopt')` calls: `closeAndFlush`. */
  unload(): Promise<void>
  /**
   * Resolves when the event is on disk. Never rejects: an event that was not taken, or was rejected, is marked as
   * failed, which is what the SDK tells callbacks and its `error` listeners.
   */
  identify: TakeEvent
  /** These are there only with `subscriptions` of one's own: by default none but an identify is for us. */
  readonly group?: TakeEvent
  readonly track?: TakeEvent
  readonly page?: TakeEvent
  readonly screen?: TakeEvent
  readonly alias?: TakeEvent
  /** Resolves when everything due has been tried once. Never rejects. */
  flush(): Promise<void>
  /**
   * Takes no more events, sends what is due, and closes the store; gives up sending after `timeout` milliseconds, and
   * what is left is sent after the next start. Never rejects, and resolves half a second after that time at most: where
   * another process has the store locked, it is closed when that is over. Further calls only wait for the same.
   */
  closeAndFlush(options?: { timeout?: number }): Promise<void>
}

const CLOSE_TIMEOUT_MS = 10_000
/** `Infinity` and the like are no times for a timer. */
const LONGEST_TIMEOUT_MS = 3_600_000
/**
 * On top of the time for sending. Closing takes a few milliseconds as a rule: whoever waits for it may then open the
 * store anew.
 */
const CLOSE_STORE_MS = 500

/**
 * Brings the users that a service identifies with `@segment/analytics-node` to Dopt, and whatever else its
 * subscriptions ask for, without any server: `analytics.register(doptPlugin({ apiKey, store }))`. Throws
 * ConfigurationError. Trouble with the store later on never throws: it fails the events that could not be taken.
 */
export function doptPlugin(options: ForwarderOptions): DoptPlugin {
  return createDoptPlugin(options, STANDBY_DEFAULTS)
}

/** As `doptPlugin`, with the pauses of its standby in the caller's hands. */
export function createDoptPlugin(options: ForwarderOptions, pauses: StandbyOptions): DoptPlugin {
  // A mistake in the options is best found when the service starts.
  const { subscriptions, api } = resolveOptions(options)
  readSubscriptions(subscriptions, api)
  const standby = new Standby({ ...options }, pauses)
  const coalescer = new Coalescer((events) => standby.run((forwarder) => forwarder.acceptSourced(events)))
  const given = new Set<Promise<void>>()
  let isLoaded = false
  let closed: Promise<void> | undefined

  return {
    name: 'Dopt',
    alternativeNames: ['Dopt (Actions)'],
    type: 'destination',
    isLoaded: () => isLoaded,
    load: async () => {
      // The SDK would drop a plugin that does not load, and its events with it. This one tries again with the next
      // event.
      await standby.run(async () => undefined).catch(() => undefined)
      isLoaded = true
    },
    unload: () => close(CLOSE_TIMEOUT_MS),
    identify: takeEvent,
    ...(options.subscriptions && {
      group: takeEvent,
      track: takeEvent,
      page: takeEvent,
      screen: takeEvent,
      alias: takeEvent
    }),
    flush: () => standby.run((forwarder) => forwarder.drain()).catch(() => undefined),
    closeAndFlush: ({ timeout = CLOSE_TIMEOUT_MS } = {}) => close(timeout)
  }

  async function takeEvent<Context extends EventContext>(context: Context): Promise<Context> {
    const taken = take(context.event)
    given.add(taken)
    try {
      await taken
    } catch (error) {
      context.setFailedDelivery({ reason: error })
    } finally {
      given.delete(taken)
    }
    return context
  }

  async function take(original: object): Promise<void> {
    if (closed !== undefined) throw new StoreError('closed', 'the Dopt plugin is closed')
    // As it would go over the wire. The service may change its objects later; this stays as it is.
    const event: unknown = JSON.parse(JSON.stringify(original))
    const [rejection] = await coalescer.accept([{ source: 'analytics-node plugin', value: { event } }])
    if (rejection !== undefined) throw new Error(`rejected: ${rejection.reason}`)
  }

  async function close(wantedMs: number): Promise<void> {
    const timeoutMs = Math.min(wantedMs, LONGEST_TIMEOUT_MS)
    const deadline = Date.now() + timeoutMs
    closed ??= Promise.allSettled(given).then(() => standby.close(deadline))
    // Each step of it waits for the store. What was given is still taken, and is never cut short: only the wait for it
    // is.
    await settlesWithin(closed, timeoutMs + CLOSE_STORE_MS)
  }
}
