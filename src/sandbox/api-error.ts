/** The codes documented by Dopt, by status; any other status uses the nearest one. */
export type ErrorCode = 'invalid_request_error' | 'unauthorized_error' | 'not_found_error' | 'internal_server_error'

/** The body of every error answer. */
export interface ErrorBody {
  code: ErrorCode
  details: string
}

/** An error answer, thrown while a call is read: `{ code, details }` with `status`. */
export class ApiError extends Error {
  readonly status: number

  constructor(status: number, details: string) {
    super(details)
    this.name = 'ApiError'
    this.status = status
  }
}

export function errorBody(status: number, details: string): ErrorBody {
  return { code: codeFor(status), details }
}

function codeFor(status: number): ErrorCode {
  if (status >= 500) return 'internal_server_error'
  if (status === 401 || status === 403) return 'unauthorized_error'
  if (status === 404) return 'not_found_error'
  return 'invalid_request_error'
}
