import { createWarningLogger } from '../../delivery/warning-logger.js'
import type { Forwarder } from '../../forwarder.js'
import { resolveOptions, type ForwarderOptions } from '../../options.js'
import { readSubscriptions } from '../../read-subscriptions.js'
import { StoreError } from '../../store/errors.js'
import { Coalescer } from '../coalescer.js'
import { settlesWithin } from '../settles-within.js'
import { Standby, STANDBY_DEFAULTS, type StandbyOptions } from './standby.js'

/** The part of the SDK's `Context` (`@segment/analytics-node`) that the plugin uses. */
export interface EventContext {
  event: object
  setFailedDelivery(options: { reason: unknown }): void
}

type TakeEvent = <Context extends EventContext>(context: Context) => Promise<Context>

/**
 * A destination plugin. Matches `Plugin` of `@segment/analytics-node`, declared here so that the SDK is not a
 * dependency.
 */
export interface DoptPlugin {
  readonly name: string
  /** Other names for the plugin in an event's `integrations`. */
  readonly alternativeNames: string[]
  readonly type: 'destination'
  isLoaded(): boolean
  load(): Promise<void>
  /** Called by `analytics.deregister('Dopt')`; same as `closeAndFlush()`. */
  unload(): Promise<void>
  /**
   * Resolves when the event is on disk. Never rejects: an event that could not be stored, or was rejected, is marked as
   * failed, and the SDK passes the error to its callback and to `error` listeners.
   */
  identify: TakeEvent
  /** Present only if the option `subscriptions` is set: by default, only identify events are for Dopt. */
  readonly group?: TakeEvent
  readonly track?: TakeEvent
  readonly page?: TakeEvent
  readonly screen?: TakeEvent
  readonly alias?: TakeEvent
  /** Resolves when everything due has been attempted once. Never rejects. */
  flush(): Promise<void>
  /**
   * Stops accepting events, sends what is due for at most `timeout` milliseconds (default 10,000), and closes the
   * store; the rest is sent after the next start. Never rejects, and resolves at most half a second after the timeout:
   * if another process has locked the store, it is closed later. Further calls only wait for the first one.
   */
  closeAndFlush(options?: { timeout?: number }): Promise<void>
}

const CLOSE_TIMEOUT_MS = 10_000
/** Upper limit for `timeout`: timers do not support `Infinity` or very long times. */
const LONGEST_TIMEOUT_MS = 3_600_000
/**
 * Added to the time for sending. Closing usually takes a few milliseconds; waiting for it allows the caller to open the
 * store again.
 */
const CLOSE_STORE_MS = 500

/**
 * Creates a plugin that sends the users that a service identifies with `@segment/analytics-node` to Dopt, and other
 * events that the subscriptions select, without a server: `analytics.register(doptPlugin({ apiKey, store }))`. Throws
 * ConfigurationError. Later errors of the store never throw: they fail the events that could not be stored.
 */
export function doptPlugin(options: ForwarderOptions): DoptPlugin {
  return createDoptPlugin(options, STANDBY_DEFAULTS)
}

/** Like `doptPlugin`, with configurable pauses of its `Standby`. */
export function createDoptPlugin(options: ForwarderOptions, pauses: StandbyOptions): DoptPlugin {
  // Checked here, so that mistakes in the options show when the service starts.
  const { subscriptions, api } = resolveOptions(options)
  readSubscriptions(subscriptions, api)
  const logger = options.logger ?? createWarningLogger()
  const standby = new Standby({ ...options, logger }, pauses)
  const coalescer = new Coalescer((events) => use((forwarder) => forwarder.acceptSourced(events)))
  /** Why events are not stored now, as it was reported. */
  let trouble: string | undefined
  const given = new Set<Promise<void>>()
  let isLoaded = false
  let closed: Promise<void> | undefined

  return {
    name: 'Dopt',
    alternativeNames: ['Dopt (Actions)'],
    type: 'destination',
    isLoaded: () => isLoaded,
    load: async () => {
      // The SDK would drop a plugin that fails to load, with its events. This one tries again with the next event.
      await use(async () => undefined).catch(() => undefined)
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

  /** Reports each kind of trouble when it begins: whoever passes no callback with an event is told of nothing. */
  async function use<T>(task: (forwarder: Forwarder) => Promise<T>): Promise<T> {
    try {
      const result = await standby.run(task)
      trouble = undefined
      return result
    } catch (error) {
      const { code, message } = error instanceof StoreError ? error : { code: 'unknown', message: 'unexpected error' }
      if (code !== trouble) logger.error({ store: code }, `events are not stored, and will not reach Dopt: ${message}`)
      trouble = code
      throw error
    }
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
    // A copy, as it would be sent as JSON: the service may change its objects later.
    const event: unknown = JSON.parse(JSON.stringify(original))
    const [rejection] = await coalescer.accept([{ source: 'analytics-node plugin', value: { event } }])
    if (rejection !== undefined) throw new Error(`rejected: ${rejection.reason}`)
  }

  async function close(wantedMs: number): Promise<void> {
    const timeoutMs = Math.min(wantedMs, LONGEST_TIMEOUT_MS)
    const deadline = Date.now() + timeoutMs
    closed ??= Promise.allSettled(given).then(() => standby.close(deadline))
    // Each step waits for the store. Events that were passed in are still stored: only this wait is limited.
    await settlesWithin(closed, timeoutMs + CLOSE_STORE_MS)
  }
}
