/** What is stable about an error that a client is told; scripts may look at it. */
export const HTTP_ERROR_CODES = [
  // 400: can never be right as it is.
  ...['invalid_json', 'invalid_event', 'invalid_encoding', 'too_large', 'too_many_events', 'incomplete', 'bad_request'],
  ...['unauthorized', 'not_found'],
  // 503 and 500: our trouble. SDKs keep what they have and try again.
  ...['store_full', 'store_limit', 'store_busy', 'overloaded', 'shutting_down', 'internal_error']
] as const
export type HttpErrorCode = (typeof HTTP_ERROR_CODES)[number]

/** An answer that is no success: `{ code, message }`. The message never repeats what the request held. */
export class HttpError extends Error {
  override readonly name = 'HttpError'

  constructor(
    readonly status: number,
    readonly code: HttpErrorCode,
    message: string,
    /** When to try again. */
    readonly retryAfterSeconds?: number
  ) {
    super(message)
  }

  get body(): { code: HttpErrorCode; message: string } {
    return { code: this.code, message: this.message }
  }
}

/** For input that cannot be right: SDKs delete what was answered with it. */
export function badInput(code: HttpErrorCode, message: string): HttpError {
  return new HttpError(400, code, message)
}

/** For trouble of ours, which passes: SDKs send the same again. */
export function tryAgain(code: HttpErrorCode, message: string, retryAfterSeconds: number): HttpError {
  return new HttpError(503, code, message, retryAfterSeconds)
}
