import { RequestTimeoutError } from '@segment/actions-core'
import type { RequestClient } from '@segment/actions-core'
import type { Connection } from './connection'
import type { WireRequest } from './wire'

/** The result of one call. */
export interface Answer {
  /** The HTTP status. Without an answer: 408 for a timeout, 503 for a network failure. */
  status: number
  /** The text of the body; empty if there is none. */
  body: string
  /** Why there was no answer, in a word or two; absent if there was one. */
  failure?: string
}

/** The statuses of calls without an answer. Segment retries both. */
const TIMED_OUT = 408
const NETWORK_FAILED = 503

/**
 * Makes one call. Never throws: a refusal is an answer, and a failure is an answer with `failure`.
 *
 * Redirects are not followed, so that the key never reaches another host. The timeout covers the whole call, including
 * the body: the client's own limit only covers the headers. Segment's abort signal is already in the client.
 */
export async function post(
  request: RequestClient,
  { endpoint }: Connection,
  { path, body }: WireRequest,
  timeoutMs: number
): Promise<Answer> {
  try {
    const response = await withinTime(
      timeoutMs,
      request(endpoint + path, {
        method: 'post',
        headers: { 'content-type': 'application/json' },
        body,
        redirect: 'manual',
        throwHttpErrors: false,
        timeout: timeoutMs,
        // The text is read once; a clone would be read without a time limit.
        skipResponseCloning: true
      })
    )
    return { status: response.status, body: response.content }
  } catch (error) {
    return isTimeout(error)
      ? { status: TIMED_OUT, body: '', failure: 'no answer in time' }
      : { status: NETWORK_FAILED, body: '', failure: errorCode(error) }
  }
}

async function withinTime<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new RequestTimeoutError()), timeoutMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * The client throws several errors for this: its own, with status 408 or code ETIMEDOUT, and those of the underlying
 * fetch.
 */
function isTimeout(error: unknown): boolean {
  const { status, code, type, name } = properties(error)
  return (
    status === TIMED_OUT ||
    code === 'ETIMEDOUT' ||
    type === 'body-timeout' ||
    type === 'request-timeout' ||
    name === 'AbortError'
  )
}

/** Not the error's message: it contains the address, with the identifier in it. */
function errorCode(error: unknown): string {
  const { code } = properties(error)
  return typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) ? code : 'the connection failed'
}

function properties(error: unknown): { status?: unknown; code?: unknown; type?: unknown; name?: unknown } {
  return typeof error === 'object' && error !== null ? error : {}
}
