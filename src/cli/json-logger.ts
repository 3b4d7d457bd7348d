import { pino } from 'pino'
import type { Logger } from '../delivery/logger.js'
import type { LogLevel } from './common-options.js'
import type { Output } from './output.js'

/** Nothing should log these. They are redacted in case something does. */
const SECRETS = ['apiKey', 'writeKey', 'sharedSecret', 'adminToken', 'authorization', '["x-api-key"]']

/** JSON lines on standard error, above the progress line. */
export function createJsonLogger(level: LogLevel, output: Output): Logger {
  const paths = SECRETS.flatMap((name) => [name, name.startsWith('[') ? `*${name}` : `*.${name}`])
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, redact: { paths, censor: '[redacted]' } },
    { write: (line) => output.note(line.trimEnd()) }
  )
}
