import type { CallResult } from '../dopt/call-result.js'
import type { EndpointState, OpenBatch, Settlement } from '../store/store.js'
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

const CONSEQUENCES: Readonly<Record<Exclude<EndpointState, 'ok'>, string>> = {
  'backing-off': ': events are kept, and sent when it accepts calls again',
  'key-refused': ': events are kept, and sent when it accepts the key; to use another key, restart with it'
}

/** Logs that the endpoint's state has changed. `trouble` is what changed it, without Dopt's words. */
export function logEndpoint(logger: Logger, state: EndpointState, trouble: Pick<CallResult, 'status' | 'code'>): void {
  if (state === 'ok') logger.info({ endpoint: state }, 'endpoint is ok')
  else logger.warn({ endpoint: state, ...trouble }, `endpoint is ${state}${CONSEQUENCES[state]}`)
}
