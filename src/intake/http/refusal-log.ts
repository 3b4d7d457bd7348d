import type { Logger } from '../../delivery/logger.js'
import type { HttpError, HttpErrorCode } from './http-error.js'

const INTERVAL_MS = 1000

/** Logs refused requests, at most one of each kind per second, so that they cannot flood the log. */
export class RefusalLog {
  readonly #kinds = new Map<HttpErrorCode, { quietUntil: number; unsaid: number }>()

  constructor(private readonly logger: Logger) {}

  take(fields: { request: string; method: string; route: string }, error: HttpError, now: number): void {
    const { code, status, message } = error
    const kind = this.#kinds.get(code) ?? { quietUntil: -Infinity, unsaid: 0 }
    this.#kinds.set(code, kind)
    if (now < kind.quietUntil) {
      kind.unsaid++
      return
    }
    this.logger.warn(
      { ...fields, status, code, ...(kind.unsaid > 0 && { before: kind.unsaid }) },
      `refused: ${message}`
    )
    kind.quietUntil = now + INTERVAL_MS
    kind.unsaid = 0
  }
}
