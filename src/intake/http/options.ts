import { ConfigurationError } from '../../options.js'
import { isLoopbackHost } from './loopback.js'

/** What the HTTP intake takes. Durations are milliseconds, sizes bytes. */
export interface HttpIntakeOptions {
  /** Where to listen. Anything but a loopback address needs a write key or a shared secret. */
  host?: string | undefined
  /** 0 takes any free port. */
  port?: number | undefined
  /** What SDKs identify themselves with; any of them is accepted. With none, and no shared secret, everything is. */
  writeKeys?: readonly string[] | undefined
  /** What Segment signs webhooks with. */
  sharedSecret?: string | undefined
  /**
   * Accepts a webhook of several events whose signature covers only the first, as Segment signs batches today. It
   * authenticates that event and no other: whoever has seen one signed batch can put anything behind its first event.
   */
  allowFirstEventSignature?: boolean | undefined
  /** Opens `/status` and `/metrics` to other machines, as a Bearer token. */
  adminToken?: string | undefined
  /** How clients reach this server, where that is not how it sees itself: `https://events.example.com`. */
  publicUrl?: string | undefined
  maxEventBytes?: number | undefined
  /** Of a body with several events, after it was unpacked. */
  maxBatchBytes?: number | undefined
  maxBatchEvents?: number | undefined
  /** How long a client may take over the headers of a request. */
  headersTimeoutMs?: number | undefined
  /** How long a client may take over a whole request. */
  requestTimeoutMs?: number | undefined
  /** How long a connection may idle between requests. */
  keepAliveTimeoutMs?: number | undefined
  /** Connections at a time; what comes on top is closed at once. */
  maxConnections?: number | undefined
  /** Bodies held at a time, all requests together; what comes on top is told to try again. */
  maxBytesInFlight?: number | undefined
}

/** Sizes are Segment's own limits: 32 KB an event, 500 KB and 2,500 events a batch. */
export const HTTP_DEFAULTS = {
  host: '127.0.0.1',
  port: 8787,
  writeKeys: [],
  allowFirstEventSignature: false,
  maxEventBytes: 32 * 1024,
  maxBatchBytes: 500 * 1024,
  maxBatchEvents: 2500,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 75_000,
  maxConnections: 1000,
  maxBytesInFlight: 64 * 1024 * 1024
} as const satisfies HttpIntakeOptions

type OptionalName = 'sharedSecret' | 'adminToken' | 'publicUrl'
type Complete = Required<{ [K in keyof HttpIntakeOptions]: Exclude<HttpIntakeOptions[K], undefined> }>
export type ResolvedHttpOptions = Omit<Complete, OptionalName> & Pick<HttpIntakeOptions, OptionalName>

const MEBIBYTE = 1024 * 1024
const HOUR_MS = 3_600_000
const NUMBERS = [
  ['port', 0, 65_535],
  ['maxEventBytes', 1024, 16 * MEBIBYTE],
  ['maxBatchBytes', 1024, 64 * MEBIBYTE],
  ['maxBatchEvents', 1, 100_000],
  ['headersTimeoutMs', 1, HOUR_MS],
  ['requestTimeoutMs', 1, HOUR_MS],
  ['keepAliveTimeoutMs', 1, HOUR_MS],
  ['maxConnections', 1, 1_000_000],
  ['maxBytesInFlight', 1024, 1024 * 1024 * MEBIBYTE]
] as const

/** Fills in defaults and refuses what cannot work, or should not. The caller's object is not changed. */
export function resolveHttpOptions(options: HttpIntakeOptions): ResolvedHttpOptions {
  const given = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined)
  ) as Partial<Complete>
  const resolved = { ...HTTP_DEFAULTS, ...given }
  for (const [name, minimum, maximum] of NUMBERS) {
    const value = resolved[name]
    if (!Number.isInteger(value) || value < minimum || value > maximum) {
      const range = `a whole number${unitOf(name)} from ${minimum} to ${maximum}`
      throw new ConfigurationError(`${flagOf(name)} must be ${range}, not ${String(value)}`)
    }
  }
  if (resolved.maxBatchBytes < resolved.maxEventBytes) {
    throw new ConfigurationError(
      '--max-batch-bytes must not be below --max-event-bytes: an event has to fit into a batch'
    )
  }
  checkSecrets(resolved)
  checkPublicUrl(resolved.publicUrl)
  checkReach(resolved)
  checkSignatures(resolved)
  return resolved
}

/** `maxEventBytes` → `--max-event-bytes`: as whoever sets it writes it. */
function flagOf(name: string): string {
  return `--${name.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

function unitOf(name: string): string {
  return name.endsWith('Ms') ? ' of milliseconds' : /Bytes/.test(name) ? ' of bytes' : ''
}

function checkSecrets({ writeKeys, sharedSecret, adminToken }: ResolvedHttpOptions): void {
  // An empty secret is one that everybody knows: most likely a variable that was not set.
  if (writeKeys.includes('')) throw new ConfigurationError('a write key is empty: set it, or leave it out')
  if (sharedSecret === '') throw new ConfigurationError('the shared secret is empty: set it, or leave it out')
  if (adminToken === '') throw new ConfigurationError('the admin token is empty: set it, or leave it out')
}

function checkPublicUrl(publicUrl: string | undefined): void {
  if (publicUrl === undefined) return
  const url = URL.canParse(publicUrl) ? new URL(publicUrl) : undefined
  const isUsable =
    url !== undefined &&
    (url.protocol === 'http:' || url.protocol === 'https:') &&
    [url.username, url.password, url.search, url.hash].every((part) => part === '')
  if (isUsable) return
  throw new ConfigurationError(
    '--public-url must be an http or https address without user name, query or fragment, such as https://events.example.com'
  )
}

function checkSignatures({ allowFirstEventSignature, sharedSecret }: ResolvedHttpOptions): void {
  if (!allowFirstEventSignature || sharedSecret !== undefined) return
  throw new ConfigurationError(
    '--allow-first-event-signature needs --shared-secret: without it no signature is checked at all'
  )
}

function checkReach({ host, writeKeys, sharedSecret }: ResolvedHttpOptions): void {
  if (isLoopbackHost(host) || writeKeys.length > 0 || sharedSecret !== undefined) return
  throw new ConfigurationError(
    `listening on ${host === '' ? 'every address' : host} would let anyone who can reach it write users: ` +
      'set --write-key (for SDKs) or --shared-secret (for webhooks), or listen on 127.0.0.1'
  )
}
