import type { HttpIntakeOptions } from '../intake/http/options.js'
import type { Config } from './config.js'
import { httpLimits, LIMIT_SETTINGS } from './serve-limits.js'
import { flag, text, texts, whole, type AnySetting, type Setting } from './setting.js'

const DEFAULT_PORT = 8787

const host = text({
  key: 'host',
  flag: '--host <address>',
  env: 'DOPT_HOST',
  help: 'address to listen on; anything but loopback needs a write key or a shared secret',
  defaultText: '127.0.0.1'
})
const port = whole(
  {
    key: 'port',
    flag: '--port <port>',
    env: 'DOPT_PORT',
    help: 'port to listen on; 0 takes any free one',
    defaultText: String(DEFAULT_PORT)
  },
  0,
  65_535
)
const writeKey: Setting<readonly string[]> = {
  ...texts({
    key: 'writeKey',
    flag: '--write-key <key>',
    env: 'DOPT_WRITE_KEY',
    help: 'write key that SDKs must send'
  }),
  secret: true
}
const sharedSecret: Setting<string> = {
  ...text({
    key: 'sharedSecret',
    flag: '--shared-secret <secret>',
    env: 'DOPT_SHARED_SECRET',
    help: 'secret with which Segment signs webhooks'
  }),
  secret: true
}
const adminToken: Setting<string> = {
  ...text({
    key: 'adminToken',
    flag: '--admin-token <token>',
    env: 'DOPT_ADMIN_TOKEN',
    help: 'Bearer token that opens /status and /metrics to other machines'
  }),
  secret: true
}
const publicUrl = text({
  key: 'publicUrl',
  flag: '--public-url <url>',
  env: 'DOPT_PUBLIC_URL',
  help: 'address at which clients reach this server, if it is behind a proxy'
})
export const allowFirstEventSignature = flag(
  'allowFirstEventSignature',
  '--allow-first-event-signature',
  'accept webhook batches of which only the first event is signed; the others are not authenticated'
)

export const SERVE_SETTINGS: readonly AnySetting[] = [
  host,
  port,
  writeKey,
  sharedSecret,
  adminToken,
  publicUrl,
  allowFirstEventSignature,
  ...LIMIT_SETTINGS
]

/** How `serve` would listen. Throws UsageError. */
export function httpOptions(config: Config, firstEventSignature = false): HttpIntakeOptions & { port: number } {
  return {
    ...httpLimits(config),
    host: config.get(host),
    port: config.get(port) ?? DEFAULT_PORT,
    writeKeys: config.get(writeKey),
    sharedSecret: config.get(sharedSecret),
    adminToken: config.get(adminToken),
    publicUrl: config.get(publicUrl),
    allowFirstEventSignature: firstEventSignature
  }
}
