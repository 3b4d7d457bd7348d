import type { HttpIntakeOptions } from '../intake/http/options.js'
import type { Config } from './config.js'
import { byteSize, duration, whole, type AnySetting } from './setting.js'

const maxEventBytes = byteSize({
  key: 'maxEventBytes',
  flag: '--max-event-bytes <size>',
  env: 'DOPT_MAX_EVENT_BYTES',
  help: 'size of an event, at most',
  defaultText: '32kb'
})
const maxBatchBytes = byteSize({
  key: 'maxBatchBytes',
  flag: '--max-batch-bytes <size>',
  env: 'DOPT_MAX_BATCH_BYTES',
  help: 'size of a body with several events, unpacked, at most',
  defaultText: '500kb'
})
const maxBatchEvents = whole(
  {
    key: 'maxBatchEvents',
    flag: '--max-batch-events <events>',
    env: 'DOPT_MAX_BATCH_EVENTS',
    help: 'events a body, at most',
    defaultText: '2500'
  },
  1,
  100_000
)
const headersTimeout = duration({
  key: 'headersTimeout',
  flag: '--headers-timeout <duration>',
  env: 'DOPT_HEADERS_TIMEOUT',
  help: 'how long a client may take over the headers of a request',
  defaultText: '10s'
})
const requestTimeout = duration({
  key: 'requestTimeout',
  flag: '--request-timeout <duration>',
  env: 'DOPT_REQUEST_TIMEOUT',
  help: 'how long a client may take over a whole request',
  defaultText: '30s'
})
const keepAliveTimeout = duration({
  key: 'keepAliveTimeout',
  flag: '--keep-alive-timeout <duration>',
  env: 'DOPT_KEEP_ALIVE_TIMEOUT',
  help: 'how long a connection may idle; longer than a load balancer in front keeps it',
  defaultText: '75s'
})
const maxConnections = whole(
  {
    key: 'maxConnections',
    flag: '--max-connections <connections>',
    env: 'DOPT_MAX_CONNECTIONS',
    help: 'connections at a time; what comes on top is closed at once',
    defaultText: '1000'
  },
  1,
  1_000_000
)
const maxBytesInFlight = byteSize({
  key: 'maxBytesInFlight',
  flag: '--max-bytes-in-flight <size>',
  env: 'DOPT_MAX_BYTES_IN_FLIGHT',
  help: 'bodies held at a time, all together; what comes on top is told to try again',
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
