import type { Outcome } from '../destination/dopt-api.js'

/**
 * The result of one call. A call never throws: every failure is an outcome that the caller must handle. A missing or
 * unreadable answer is never a success, but a `retry`.
 */
export interface CallResult {
  outcome: Outcome
  /** HTTP status; undefined if there was no answer. */
  status: number | undefined
  /**
   * Dopt's code, or ours: `timeout`, `network_error`, `answer_too_large`, `unexpected_answer`, `count_mismatch`,
   * `aborted`.
   */
  code: string | undefined
  /** Dopt's message, or ours; one line, without the key. Undefined on success. */
  message: string | undefined
  /** The wait that the answer asked for. */
  retryAfterMs: number | undefined
  durationMs: number
}

/**
 * Whether we aborted the call ourselves. Dopt's code may be the same word, but Dopt's answers have a status.
 */
export function isAborted({ status, code }: CallResult): boolean {
  return status === undefined && code === 'aborted'
}
