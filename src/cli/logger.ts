import { pino } from 'pino'
import { silentLogger, type Logger } from '../delivery/logger.js'
import type { LogLevel } from './common-options.js'
import type { Output } from './output.js'
import { printable } from './printable.js'

/** Nothing is meant to log these; should it ever happen, the log does not hold them. */
const SECRETS = ['apiKey', 'writeKey', 'sharedSecret', 'adminToken', 'authorization', '["x-api-key"]']

/** For who asked for no log: only what went wrong, in plain words, each of them once. */
export function createPlainLogger(output: Output): Logger {
  return { ...silentLogger, error: (_fields, message) => output.noteOnce(`error: ${printable(message)}`) }
}

/** JSON lines on standard error, above the progress line. */
export function createLogger(level: LogLevel, output: Output): Logger {
  const paths = SECRETS.flatMap((name) => [name, name.startsWith('[') ? `*${name}` : `*.${name}`])
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, redact: { paths, censor: '[redacted]' } },
    { write: (line) => output.note(line.trimEnd()) }
  )
}
