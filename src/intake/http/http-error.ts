/** The stable codes of errors, which scripts may rely on. */
export const HTTP_ERROR_CODES = [
  // 400: will never be accepted as it is.
  ...['invalid_json', 'invalid_event', 'invalid_encoding', 'too_large', 'too_many_events', 'incomplete', 'bad_request'],
  ...['unauthorized', 'not_found'],
  // 503 and 500: our fault. SDKs keep their events and retry.
  ...['store_full', 'store_limit', 'store_busy', 'overloaded', 'shutting_down', 'internal_error']
] as const
export type HttpErrorCode = (typeof HTTP_ERROR_CODES)[number]

/** An error answer: `{ code, message }`. The message never repeats the request's content. */
export class HttpError extends Error {
  override readonly name = 'HttpError'

  constructor(
    readonly status: number,
    readonly code: HttpErrorCode,
    message: string,
    /** When to retry. */
    readonly retryAfterSeconds?: number
  ) {
    super(message)
  }

  get body(): { code: HttpErrorCode; message: string } {
    return { code: this.code, message: this.message }
  }
}

/** For invalid input: SDKs delete the events. */
export function badInput(code: HttpErrorCode, message: string): HttpError {
  return new HttpError(400, code, message)
}

/** For temporary failures of ours: SDKs retry. */
export function tryAgain(code: HttpErrorCode, message: string, retryAfterSeconds: number): HttpError {
  return new HttpError(503, code, message, retryAfterSeconds)
}
