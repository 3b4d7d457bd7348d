import type { HttpIntakeOptions } from '../intake/http/options.js'
import type { Config } from './config.js'
import { byteSize, duration, whole, type AnySetting } from './setting.js'

const maxEventBytes = byteSize({
  key: 'maxEventBytes',
  flag: '--max-event-bytes <size>',
  env: 'DOPT_MAX_EVENT_BYTES',
  help: 'maximum size of an event',
  defaultText: '32kb'
})
const maxBatchBytes = byteSize({
  key: 'maxBatchBytes',
  flag: '--max-batch-bytes <size>',
  env: 'DOPT_MAX_BATCH_BYTES',
  help: 'maximum size of a body with several events, uncompressed',
  defaultText: '500kb'
})
const maxBatchEvents = whole(
  {
    key: 'maxBatchEvents',
    flag: '--max-batch-events <events>',
    env: 'DOPT_MAX_BATCH_EVENTS',
    help: 'maximum events per body',
    defaultText: '2500'
  },
  1,
  100_000
)
const headersTimeout = duration({
  key: 'headersTimeout',
  flag: '--headers-timeout <duration>',
  env: 'DOPT_HEADERS_TIMEOUT',
  help: 'time a client has to send the headers of a request',
  defaultText: '10s'
})
const requestTimeout = duration({
  key: 'requestTimeout',
  flag: '--request-timeout <duration>',
  env: 'DOPT_REQUEST_TIMEOUT',
  help: 'time a client has to send a whole request',
  defaultText: '30s'
})
const keepAliveTimeout = duration({
  key: 'keepAliveTimeout',
  flag: '--keep-alive-timeout <duration>',
  env: 'DOPT_KEEP_ALIVE_TIMEOUT',
  help: 'how long a connection may be idle; set it above the timeout of a load balancer in front',
  defaultText: '75s'
})
const maxConnections = whole(
  {
    key: 'maxConnections',
    flag: '--max-connections <connections>',
    env: 'DOPT_MAX_CONNECTIONS',
    help: 'maximum open connections; further ones are closed at once',
    defaultText: '1000'
  },
  1,
  1_000_000
)
const maxBytesInFlight = byteSize({
  key: 'maxBytesInFlight',
  flag: '--max-bytes-in-flight <size>',
  env: 'DOPT_MAX_BYTES_IN_FLIGHT',
  help: 'maximum total size of the bodies being processed; further requests are answered with 503',
  defaultText: '64mb'
})

export const LIMIT_SETTINGS: readonly AnySetting[] = [
  ...[maxEventBytes, maxBatchBytes, maxBatchEvents, headersTimeout, requestTimeout, keepAliveTimeout],
  ...[maxConnections, maxBytesInFlight]
]

/** Throws UsageError. */
export function httpLimits(from: Config): HttpIntakeOptions {
  return {
    maxEventBytes: from.get(maxEventBytes),
    maxBatchBytes: from.get(maxBatchBytes),
    maxBatchEvents: from.get(maxBatchEvents),
    headersTimeoutMs: from.get(headersTimeout),
    requestTimeoutMs: from.get(requestTimeout),
    keepAliveTimeoutMs: from.get(keepAliveTimeout),
    maxConnections: from.get(maxConnections),
    maxBytesInFlight: from.get(maxBytesInFlight)
  }
}
