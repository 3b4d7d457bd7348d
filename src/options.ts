import {
  DEFAULT_ENDPOINT,
  DEFAULT_MAX_BODY_BYTES,
  MAX_USERS_PER_CALL,
  type Api,
  type NestedProperties
} from './destination/dopt-api.js'
import type { Logger } from './delivery/logger.js'
import { oneOf } from './one-of.js'
import { OPTION_RANGES } from './option-ranges.js'
import type { Subscription } from './translate/subscriptions.js'

/** Options of `createForwarder`. Durations are in milliseconds, sizes in bytes. */
export interface ForwarderOptions {
  /** Dopt's users API key. Required unless `send` is false. */
  apiKey?: string | undefined
  /** http or https address of Dopt's users API. Default: `https://users.dopt.com`. */
  endpoint?: string | undefined
  /** Generation of Dopt's users API; only `batch` has groups. Default: `bulk`. */
  api?: Api | undefined
  /** Path of the SQLite file; created if it does not exist. Default: `./dopt-destination.db`. */
  store?: string | undefined
  /** False: events are stored, but not sent. Default: true. */
  send?: boolean | undefined
  /** Users per call, 1 to 100. Default: 100. */
  batchSize?: number | undefined
  /** How long an event may wait for others to fill its call. Default: 1,000. */
  flushIntervalMs?: number | undefined
  /** Calls in flight at once. 1 to 256. Default: 4. */
  concurrency?: number | undefined
  /** How long a call is retried before its events are failed. Default: 72 hours. */
  retryWindowMs?: number | undefined
  /** Longest pause before the first retry; it doubles with each further one. Default: 500. */
  retryBaseMs?: number | undefined
  /** Longest pause between retries, unless Dopt asks for a longer one. Default: 60,000. */
  retryMaxMs?: number | undefined
  /** Pause between checks of whether a refused key is accepted again. Default: 30,000. */
  keyProbeMs?: number | undefined
  /** Timeout of a call; a call that times out is retried. At most 600,000. Default: 30,000. */
  requestTimeoutMs?: number | undefined
  /** Largest body of a call. 1,024 to 100,000,000. Default: 500,000. */
  maxBodyBytes?: number | undefined
  /** Calls per second, at most; no limit by default. */
  maxCallsPerSecond?: number | undefined
  /** How long delivered and superseded events are kept; failed and rejected ones are not removed. Default: 7 days. */
  retentionMs?: number | undefined
  /** At this size the store accepts no more events; no limit by default. */
  maxStoreBytes?: number | undefined
  /** `normal` may lose the last commits if the machine (not only the process) crashes. Default: `full`. */
  synchronous?: 'full' | 'normal' | undefined
  /** How traits that are objects or arrays are sent. Default: `flatten`. */
  nestedProperties?: NestedProperties | undefined
  /** Which events become which users and groups, in Segment's format. Default: every identify, by its `userId`. */
  subscriptions?: readonly Subscription[] | undefined
  /** Default: nothing is logged, but a process warning tells once of a refused key, and of an endpoint in trouble. */
  logger?: Logger | undefined
}

export const DEFAULTS = {
  endpoint: DEFAULT_ENDPOINT,
  api: 'bulk',
  store: './dopt-destination.db',
  send: true,
  batchSize: MAX_USERS_PER_CALL,
  flushIntervalMs: 1000,
  concurrency: 4,
  retryWindowMs: 72 * 60 * 60 * 1000,
  retryBaseMs: 500,
  retryMaxMs: 60_000,
  keyProbeMs: 30_000,
  requestTimeoutMs: 30_000,
  maxBodyBytes: DEFAULT_MAX_BODY_BYTES,
  retentionMs: 7 * 24 * 60 * 60 * 1000,
  synchronous: 'full',
  nestedProperties: 'flatten'
} as const satisfies ForwarderOptions

const OPTION_NAMES = Object.keys({
  ...DEFAULTS,
  ...{ apiKey: true, maxCallsPerSecond: true, maxStoreBytes: true, subscriptions: true, logger: true }
} satisfies Record<keyof ForwarderOptions, unknown>)

/** Wrong usage or configuration; `message` is one line that says how to fix it. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
  readonly code = 'configuration'
}

/** Options that may stay undefined. */
type OptionalName = 'maxStoreBytes' | 'maxCallsPerSecond' | 'subscriptions' | 'logger'
type Complete = Required<{ [K in keyof ForwarderOptions]: Exclude<ForwarderOptions[K], undefined> }>
export type ResolvedOptions = Omit<Complete, 'apiKey' | OptionalName> &
  Pick<ForwarderOptions, OptionalName> & { apiKey: string }

/**
 * Fills in defaults and checks all options except subscriptions (see `readSubscriptions`). Throws ConfigurationError.
 * The caller's object is not changed.
 */
export function resolveOptions(options: ForwarderOptions): ResolvedOptions {
  if (typeof options !== 'object' || options === null) {
    throw new ConfigurationError('the options must be an object, such as { apiKey, store }')
  }
  checkNames(options)
  const given = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined)
  ) as Partial<Complete>
  const resolved = { ...DEFAULTS, ...given, apiKey: given.apiKey ?? '' }
  for (const [name, [minimum, maximum]] of Object.entries(OPTION_RANGES)) {
    const value = resolved[name as keyof typeof OPTION_RANGES]
    if (value === undefined) continue
    if (!Number.isInteger(value) || value < minimum || value > maximum) {
      throw new ConfigurationError(`${name} must be a whole number from ${minimum} to ${maximum}, not ${String(value)}`)
    }
  }
  const { maxCallsPerSecond } = resolved
  if (maxCallsPerSecond !== undefined && !(maxCallsPerSecond > 0 && maxCallsPerSecond <= 10_000)) {
    throw new ConfigurationError(`maxCallsPerSecond must be above 0 and at most 10000, not ${maxCallsPerSecond}`)
  }
  checkTypes(resolved)
  checkOneOf('api', resolved.api, ['bulk', 'batch'])
  checkOneOf('nestedProperties', resolved.nestedProperties, ['flatten', 'stringify', 'drop'])
  checkOneOf('synchronous', resolved.synchronous, ['full', 'normal'])
  checkEndpoint(resolved.endpoint)
  if (resolved.send) checkApiKey(resolved.apiKey)
  return resolved
}

/** Otherwise a misspelt option would silently keep its default. */
function checkNames(options: ForwarderOptions): void {
  const unknown = Object.keys(options).find((name) => !OPTION_NAMES.includes(name))
  if (unknown === undefined) return
  throw new ConfigurationError(
    `there is no option "${unknown}"; the options are ${[...OPTION_NAMES].sort().join(', ')}`
  )
}

const TYPES = { apiKey: 'string', endpoint: 'string', store: 'string', send: 'boolean' } as const
const LOGGER_METHODS = ['debug', 'info', 'warn', 'error'] as const

/** For programs in JavaScript. Never repeats a value, which may be the key. */
function checkTypes(options: ResolvedOptions): void {
  for (const [name, type] of Object.entries(TYPES)) {
    const isOfType = typeof options[name as keyof typeof TYPES] === type
    if (!isOfType) throw new ConfigurationError(`${name} must be a ${type}`)
  }
  if (options.store.trim() === '') throw new ConfigurationError('store must be the path of a file')
  const { logger } = options
  const missing = LOGGER_METHODS.find((method) => logger !== undefined && typeof logger?.[method] !== 'function')
  if (missing === undefined) return
  throw new ConfigurationError(`logger must have the methods ${LOGGER_METHODS.join(', ')}, as pino and console do`)
}

function checkOneOf(name: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) throw new ConfigurationError(`${name} must be ${oneOf(allowed)}, not ${value}`)
}

function checkEndpoint(endpoint: string): void {
  // URL ignores spaces around an address; the HTTP client may not.
  const url = URL.canParse(endpoint) && !/\s/.test(endpoint) ? new URL(endpoint) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new ConfigurationError(
      `the endpoint must be an http or https address without spaces, such as ${DEFAULT_ENDPOINT}`
    )
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new ConfigurationError('the endpoint must be an address without user name, query or fragment')
  }
}

function checkApiKey(apiKey: string): void {
  if (apiKey === '') {
    throw new ConfigurationError(
      "no API key: set DOPT_API_KEY or pass --api-key (in a program: apiKey) with Dopt's users API key"
    )
  }
  // Anything else would be refused by Node as a header value, with an error that repeats the key.
  if (!/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new ConfigurationError('the API key contains invalid characters, such as spaces: copy it again')
  }
}
