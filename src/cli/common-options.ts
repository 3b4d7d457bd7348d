import type { ForwarderOptions } from '../options.js'
import type { Config } from './config.js'
import {
  byteSize,
  choice,
  duration,
  fileList,
  flag,
  milliseconds,
  text,
  whole,
  type AnySetting,
  type Setting
} from './setting.js'
import { OPTION_RANGES } from '../option-ranges.js'

export const DEFAULT_STORE = './dopt-destination.db'
export const DEFAULT_GIVE_UP_AFTER_MS = 120_000
export const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export const store = text({
  key: 'store',
  flag: '--store <file>',
  env: 'DOPT_STORE',
  help: 'the SQLite file that holds the events',
  defaultText: DEFAULT_STORE
})

/** For the commands that create the store if it does not exist. */
const newStore: Setting<string> = { ...store, help: `${store.help}; created if it does not exist` }

export const logLevel = choice(
  {
    key: 'logLevel',
    flag: '--log-level <level>',
    env: 'DOPT_LOG_LEVEL',
    help: `log JSON lines to standard error, at this level: ${LOG_LEVELS.join(', ')}`,
    defaultText: 'errors only, as plain text'
  },
  LOG_LEVELS
)

/** The same for the commands that log nothing. */
export const errorDetail: Setting<LogLevel> = {
  ...logLevel,
  help: 'with debug or trace, an error says where it came from',
  defaultText: ''
}

export const apiKey: Setting<string> = {
  ...text({
    key: 'apiKey',
    flag: '--api-key <key>',
    env: 'DOPT_API_KEY',
    help: "Dopt's users API key; prefer the environment: flags are visible in the process list"
  }),
  secret: true
}

export const endpoint = text({
  key: 'endpoint',
  flag: '--endpoint <url>',
  env: 'DOPT_ENDPOINT',
  help: "address of Dopt's users API",
  defaultText: 'https://users.dopt.com'
})

export const api = choice(
  {
    key: 'api',
    flag: '--api <generation>',
    env: 'DOPT_API',
    help: "generation of Dopt's users API: bulk or batch",
    defaultText: 'bulk'
  },
  ['bulk', 'batch']
)

export const batchSize = whole(
  {
    key: 'batchSize',
    flag: '--batch-size <users>',
    env: 'DOPT_BATCH_SIZE',
    help: 'users per call, 1 to 100',
    defaultText: '100'
  },
  ...OPTION_RANGES.batchSize
)

export const flushInterval = milliseconds(
  {
    key: 'flushInterval',
    flag: '--flush-interval <ms>',
    env: 'DOPT_FLUSH_INTERVAL',
    help: 'how long an event may wait for others to fill its call',
    defaultText: '1000'
  },
  OPTION_RANGES.flushIntervalMs
)

export const concurrency = whole(
  {
    key: 'concurrency',
    flag: '--concurrency <calls>',
    env: 'DOPT_CONCURRENCY',
    help: 'maximum calls in flight',
    defaultText: '4'
  },
  ...OPTION_RANGES.concurrency
)

export const callTimeout = duration(
  {
    key: 'callTimeout',
    flag: '--call-timeout <duration>',
    env: 'DOPT_CALL_TIMEOUT',
    help: 'timeout of a call; a call that times out is retried',
    defaultText: '30s'
  },
  OPTION_RANGES.requestTimeoutMs
)

export const retryWindow = duration({
  key: 'retryWindow',
  flag: '--retry-window <duration>',
  env: 'DOPT_RETRY_WINDOW',
  help: 'how long a call is retried before its events are failed',
  defaultText: '72h'
})

export const maxCallsPerSecond = whole(
  {
    key: 'maxCallsPerSecond',
    flag: '--max-calls-per-second <calls>',
    env: 'DOPT_MAX_CALLS_PER_SECOND',
    help: 'maximum calls per second',
    defaultText: 'no limit'
  },
  1,
  10_000
)

export const retention = duration({
  key: 'retention',
  flag: '--retention <duration>',
  env: 'DOPT_RETENTION',
  help: 'delete delivered and superseded events after this long; failed and rejected ones are kept',
  defaultText: '7d'
})

export const maxStoreBytes = byteSize(
  {
    key: 'maxStoreBytes',
    flag: '--max-store-bytes <size>',
    env: 'DOPT_MAX_STORE_BYTES',
    help: 'accept no more events when the store reaches this size, such as 2gb',
    defaultText: 'no limit'
  },
  OPTION_RANGES.maxStoreBytes
)

export const nestedProperties = choice(
  {
    key: 'nestedProperties',
    flag: '--nested-properties <how>',
    env: 'DOPT_NESTED_PROPERTIES',
    help: 'how to send traits that are objects: flatten, stringify or drop',
    defaultText: 'flatten'
  },
  ['flatten', 'stringify', 'drop']
)

export const subscriptions = fileList('subscriptions', "which events become which users, in Segment's format")

export const giveUpAfter = duration(
  {
    key: 'giveUpAfter',
    flag: '--give-up-after <duration>',
    env: 'DOPT_GIVE_UP_AFTER',
    help: 'exit with code 1 after this long without progress; nothing is lost',
    defaultText: '2m'
  },
  [1, Number.MAX_SAFE_INTEGER]
)

export const config = {
  ...text({
    key: 'config',
    flag: '--config <file>',
    help: 'JSON file with settings in camelCase, such as {"batchSize": 50, "retryWindow": "24h"}',
    defaultText: 'dopt-destination.config.json, if it exists'
  }),
  inFile: false
}

export const json = flag('json', '--json', 'print exactly one JSON document on standard output')

/** Common to all commands that read the store. */
export const STORE_SETTINGS: readonly AnySetting[] = [store, config, errorDetail]

/** How to reach Dopt. */
export const ENDPOINT_SETTINGS: readonly AnySetting[] = [apiKey, endpoint, api]

/** Common to all commands that send. */
export const DELIVERY_SETTINGS: readonly AnySetting[] = [
  ...ENDPOINT_SETTINGS,
  batchSize,
  flushInterval,
  concurrency,
  callTimeout,
  retryWindow,
  maxCallsPerSecond,
  retention,
  maxStoreBytes,
  nestedProperties,
  subscriptions,
  store,
  config,
  logLevel
]

/** The same for commands that also accept events. */
export const INTAKE_SETTINGS: readonly AnySetting[] = DELIVERY_SETTINGS.map((setting) =>
  setting === store ? newStore : setting
)

export function storeFile(from: Config): string {
  return from.get(store) ?? DEFAULT_STORE
}

/** Throws UsageError. */
export function forwarderOptions(from: Config): ForwarderOptions & { store: string } {
  return {
    apiKey: from.get(apiKey),
    endpoint: from.get(endpoint),
    api: from.get(api),
    store: storeFile(from),
    batchSize: from.get(batchSize),
    flushIntervalMs: from.get(flushInterval),
    concurrency: from.get(concurrency),
    requestTimeoutMs: from.get(callTimeout),
    retryWindowMs: from.get(retryWindow),
    maxCallsPerSecond: from.get(maxCallsPerSecond),
    retentionMs: from.get(retention),
    maxStoreBytes: from.get(maxStoreBytes),
    nestedProperties: from.get(nestedProperties),
    // Validated by `readSubscriptions`, which loads Segment's library.
    subscriptions: from.get(subscriptions) as ForwarderOptions['subscriptions']
  }
}
