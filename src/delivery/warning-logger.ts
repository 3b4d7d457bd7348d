import { silentLogger, type Logger } from './logger.js'

const WARNINGS: ReadonlyMap<unknown, string> = new Map([
  ['key-refused', 'Dopt refuses the API key: events are stored, and sent when it is accepted'],
  ['backing-off', 'Dopt cannot be reached, or does not accept calls: events are stored, and sent when it does']
])

/**
 * For programs that pass no logger, so that they are told of a wrong key or address: warns once of each kind of trouble
 * with the endpoint, as Node warns (on standard error, or to listeners for `warning`). Ignores all else.
 */
export function createWarningLogger(warn: (text: string) => void = warnOfDopt): Logger {
  const told = new Set<unknown>()
  return {
    ...silentLogger,
    warn: (fields) => {
      const endpoint = 'endpoint' in fields ? fields.endpoint : undefined
      const text = WARNINGS.get(endpoint)
      if (text === undefined || told.has(endpoint)) return
      told.add(endpoint)
      warn(`${text}; for details, pass a logger, or see "dopt-destination status"`)
    }
  }
}

function warnOfDopt(text: string): void {
  process.emitWarning(text, { type: 'DoptWarning' })
}
