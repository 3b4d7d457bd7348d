import type { CallResult } from '../dopt/call-result.js'
import type { OpenBatch, Settlement } from '../store/store.js'
import { loggableCode } from './loggable-code.js'
import type { Logger } from './logger.js'

/** Logs a finished call: ids and counts, never what was sent. */
export function logCall(logger: Logger, batch: OpenBatch, result: CallResult, { to }: Settlement): void {
  logger[to === 'delivered' ? 'debug' : 'warn'](
    {
      batch: batch.id,
      [`${batch.subject}s`]: batch.entries.length,
      status: result.status,
      code: loggableCode(result.code),
      ms: Math.round(result.durationMs)
    },
    `batch ${to}`
  )
}
