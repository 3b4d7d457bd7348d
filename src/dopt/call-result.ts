import type { Outcome } from '../destination/dopt-api.js'

/**
 * What became of one call. A call never throws: every way in which it can go wrong is an outcome that somebody has to
 * decide about. A result that is missing or not understood is unknown, never a success, and so a `retry`.
 */
export interface CallResult {
  outcome: Outcome
  /** HTTP status; undefined when no answer came. */
  status: number | undefined
  /** Dopt's code, or ours: `timeout`, `network_error`, `answer_too_large`, `unexpected_answer`, `count_mismatch`, `aborted`. */
  code: string | undefined
  /** Dopt's own words, or ours; one line, without the key. Undefined when all is well. */
  message: string | undefined
  /** The wait that the answer asks for. */
  retryAfterMs: number | undefined
  durationMs: number
}

/** Whether we cut the call short ourselves. Dopt's own code may have any name; but what Dopt says comes with a status. */
export function isAborted({ status, code }: CallResult): boolean {
  return status === undefined && code === 'aborted'
}
