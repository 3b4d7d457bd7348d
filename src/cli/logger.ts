import { silentLogger, type Logger } from '../delivery/logger.js'
import type { LogLevel } from './common-options.js'
import type { Output } from './output.js'
import { printable } from './printable.js'

/** The log at the requested level; without one, only errors, as plain text and each of them once. */
export async function createLogger(level: LogLevel | undefined, output: Output): Promise<Logger> {
  if (level === undefined) {
    return { ...silentLogger, error: (_fields, message) => output.noteOnce(`error: ${printable(message)}`) }
  }
  const { createJsonLogger } = await import('./json-logger.js')
  return createJsonLogger(level, output)
}
