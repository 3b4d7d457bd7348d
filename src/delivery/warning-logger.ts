import { silentLogger, type Logger } from './logger.js'

const WARNINGS: ReadonlyMap<unknown, string> = new Map([
  ['key-refused', 'Dopt refuses the API key: events are stored, and sent when it is accepted'],
  ['backing-off', 'Dopt cannot be reached, or does not accept calls: events are stored, and sent when it does']
])

/**
 * For programs that pass no logger, so that they are told of a wrong key, address or store: warns once of each kind of
 * trouble with the endpoint, and of each that keeps events from being stored (an error with the field `store`), as Node
 * warns (on standard error, or to listeners for `warning`). Ignores all else.
 */
export function createWarningLogger(warn: (text: string) => void = warnOfDopt): Logger {
  const told = new Set<unknown>()
  const warnOnce = (kind: unknown, text: string): void => {
    if (told.has(kind)) return
    told.add(kind)
    warn(text)
  }
  return {
    ...silentLogger,
    warn: (fields) => {
      const endpoint = 'endpoint' in fields ? fields.endpoint : undefined
      const text = WARNINGS.get(endpoint)
      if (text === undefined) return
      warnOnce(endpoint, `${text}; for details, pass a logger, or see "dopt-destination status"`)
    },
    error: (fields, message) => {
      if ('store' in fields) warnOnce(fields.store, message)
    }
  }
}

function warnOfDopt(text: string): void {
  process.emitWarning(text, { type: 'DoptWarning' })
}
