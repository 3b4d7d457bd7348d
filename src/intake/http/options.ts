import { ConfigurationError } from '../../options.js'
import { isLoopbackHost } from './loopback.js'

/** Options of the HTTP intake. Durations are in milliseconds, sizes in bytes. Defaults: see `HTTP_DEFAULTS`. */
export interface HttpIntakeOptions {
  /** The address to listen on. Any but a loopback address requires a write key or a shared secret. */
  host?: string | undefined
  /** 0 picks any free port. */
  port?: number | undefined
  /** Write keys that SDKs may use. With neither write keys nor a shared secret, every request is accepted. */
  writeKeys?: readonly string[] | undefined
  /** The secret with which Segment signs webhooks. */
  sharedSecret?: string | undefined
  /**
   * Accepts a webhook of several events whose signature covers only the first, as Segment signs batches today. The
   * other events are not authenticated: anyone who has seen one signed batch can add any events after its first one.
   */
  allowFirstEventSignature?: boolean | undefined
  /** Bearer token that opens `/status` and `/metrics` to other machines. */
  adminToken?: string | undefined
  /** The address at which clients reach this server, if it is behind a proxy: `https://events.example.com`. */
  publicUrl?: string | undefined
  maxEventBytes?: number | undefined
  /** Size of a body with several events, uncompressed. */
  maxBatchBytes?: number | undefined
  maxBatchEvents?: number | undefined
  /** Time a client has to send the headers of a request. */
  headersTimeoutMs?: number | undefined
  /** Time a client has to send a whole request. */
  requestTimeoutMs?: number | undefined
  /** How long a connection may be idle between requests. */
  keepAliveTimeoutMs?: number | undefined
  /** Open connections; further ones are closed at once. */
  maxConnections?: number | undefined
  /** Total size of the bodies being processed; further ones are answered with 503. */
  maxBytesInFlight?: number | undefined
}

/** The sizes are Segment's own limits: 32 KB per event, 500 KB and 2,500 events per batch. */
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

/** Fills in defaults and checks the options. Throws ConfigurationError. The caller's object is not changed. */
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

/** `maxEventBytes` → `--max-event-bytes`: the name that users know. */
function flagOf(name: string): string {
  return `--${name.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

function unitOf(name: string): string {
  return name.endsWith('Ms') ? ' of milliseconds' : /Bytes/.test(name) ? ' of bytes' : ''
}

function checkSecrets({ writeKeys, sharedSecret, adminToken }: ResolvedHttpOptions): void {
  // An empty secret protects nothing; most likely its variable was not set.
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
