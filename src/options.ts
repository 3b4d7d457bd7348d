import {
  DEFAULT_ENDPOINT,
  DEFAULT_MAX_BODY_BYTES,
  MAX_USERS_PER_CALL,
  type Api,
  type NestedProperties
} from './destination/dopt-api.js'
import type { Logger } from './delivery/logger.js'
import { OPTION_RANGES } from './option-ranges.js'
import type { Subscription } from './translate/subscriptions.js'

/** What `createForwarder` takes. Durations are milliseconds, sizes bytes. */
export interface ForwarderOptions {
  /** Dopt's users API key. Needed unless `send` is false. */
  apiKey?: string | undefined
  /** http or https address of Dopt's users API. */
  endpoint?: string | undefined
  api?: Api | undefined
  /** Path of the SQLite file; made if it does not exist. */
  store?: string | undefined
  /** False stores events without sending them. */
  send?: boolean | undefined
  /** Users a call, 1 to 100. */
  batchSize?: number | undefined
  /** How long an event may wait for others to fill its batch. */
  flushIntervalMs?: number | undefined
  /** Calls in flight at a time. */
  concurrency?: number | undefined
  /** How long a batch that cannot be delivered is tried again before it is failed. */
  retryWindowMs?: number | undefined
  retryBaseMs?: number | undefined
  retryMaxMs?: number | undefined
  /** How long to wait before asking again whether a refused key is accepted. */
  keyProbeMs?: number | undefined
  requestTimeoutMs?: number | undefined
  maxBodyBytes?: number | undefined
  /** Calls a second, at most; unlimited by default. */
  maxCallsPerSecond?: number | undefined
  /** Delivered events are removed this long after they were settled; failed and rejected ones stay. */
  retentionMs?: number | undefined
  /** The store may not grow beyond this; unlimited by default. */
  maxStoreBytes?: number | undefined
  /** `normal` may lose the last commits when the machine, not the program, dies. */
  synchronous?: 'full' | 'normal' | undefined
  nestedProperties?: NestedProperties | undefined
  /** Which events become which users and groups, in Segment's form. Default: every identify, by its user id. */
  subscriptions?: readonly Subscription[] | undefined
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

/** Wrong usage or configuration; `message` is one line that says how to mend it. */
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
 * Fills in defaults and refuses what cannot work, but for subscriptions, which `readSubscriptions` looks into. The caller's
 * object is not changed.
 */
export function resolveOptions(options: ForwarderOptions): ResolvedOptions {
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
  checkOneOf('api', resolved.api, ['bulk', 'batch'])
  checkOneOf('nestedProperties', resolved.nestedProperties, ['flatten', 'stringify', 'drop'])
  checkOneOf('synchronous', resolved.synchronous, ['full', 'normal'])
  checkEndpoint(resolved.endpoint)
  if (resolved.send) checkApiKey(resolved.apiKey)
  return resolved
}

/** A misspelt option would otherwise be its default, and nobody be told. */
function checkNames(options: ForwarderOptions): void {
  const unknown = Object.keys(options).find((name) => !OPTION_NAMES.includes(name))
  if (unknown === undefined) return
  throw new ConfigurationError(`there is no option "${unknown}"; there are ${[...OPTION_NAMES].sort().join(', ')}`)
}

function checkOneOf(name: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) throw new ConfigurationError(`${name} must be ${allowed.join(' or ')}, not ${value}`)
}

function checkEndpoint(endpoint: string): void {
  // URL passes over blanks around an address, and what calls it later may not.
  const url = URL.canParse(endpoint) && !/\s/.test(endpoint) ? new URL(endpoint) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new ConfigurationError(
      `the endpoint must be an http or https address without blanks, such as ${DEFAULT_ENDPOINT}`
    )
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new ConfigurationError('the endpoint must be an address without user, query or fragment')
  }
}

function checkApiKey(apiKey: string): void {
  if (apiKey === '') {
    throw new ConfigurationError("no API key: set DOPT_API_KEY or give --api-key; it is Dopt's users API key")
  }
  // Whatever else would end up in the header: an error of Node's that repeats it must never come to pass.
  if (!/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new ConfigurationError('the API key holds characters that no key has, such as spaces: copy it again')
  }
}
