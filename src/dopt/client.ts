import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import got, { CancelError, RequestError, TimeoutError, type Got, type Response } from 'got'
import {
  checkKeyRequest,
  groupRequest,
  manyUsersRequest,
  outcomeOf,
  parseCount,
  parseJson,
  type Api,
  type GroupEntry,
  type UserEntry,
  type WireRequest
} from '../destination/dopt-api.js'
import type { CallResult } from './call-result.js'
import { redact } from './redact.js'
import { parseRetryAfter } from './retry-after.js'

export interface DoptClientOptions {
  apiKey: string
  /** http or https address, usually without a path. */
  endpoint: string
  api: Api
  /** Maximum number of open sockets. */
  maxSockets: number
  /** Timeout of a whole call, from the DNS look-up to the last byte of the answer. */
  requestTimeoutMs?: number
}

/** What the forwarder needs of Dopt. */
export interface DoptClient {
  /** At most 100 users, each only once. */
  identifyMany(users: readonly UserEntry[], signal?: AbortSignal): Promise<CallResult>
  /** One group. The caller must make sure that this generation of the API has groups. */
  identifyGroup(group: GroupEntry, signal?: AbortSignal): Promise<CallResult>
  /** Changes nothing at Dopt. `delivered` means that the key was accepted. */
  checkKey(signal?: AbortSignal): Promise<CallResult>
  close(): void
}

const REQUEST_TIMEOUT_MS = 30_000
/** Dopt's answers are a few dozen bytes; anything longer is not from Dopt. */
const MAX_ANSWER_BYTES = 64 * 1024
const MAX_WORDS = 500
const MAX_CODE = 100

/** An HTTP client of Dopt's users API. The key appears only in the request header. */
export class GotDoptClient implements DoptClient {
  // Not `private`, which hides nothing at run time: logging a forwarder would show the key.
  readonly #options: DoptClientOptions
  readonly #got: Got
  readonly #agents: { http: HttpAgent; https: HttpsAgent }
  readonly #origin: string

  constructor(options: DoptClientOptions) {
    this.#options = options
    const { maxSockets } = options
    this.#agents = {
      http: new HttpAgent({ keepAlive: true, maxSockets }),
      https: new HttpsAgent({ keepAlive: true, maxSockets })
    }
    this.#origin = options.endpoint.replace(/\/+$/, '')
    this.#got = got.extend({
      method: 'POST',
      agent: this.#agents,
      headers: {
        'x-api-key': options.apiKey,
        'content-type': 'application/json',
        accept: 'application/json',
        'user-agent': 'dopt-destination'
      },
      // The ledger handles retries, and the key must not follow a redirect to another host.
      retry: { limit: 0 },
      followRedirect: false,
      throwHttpErrors: false,
      decompress: false,
      timeout: { request: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS }
    })
  }

  async identifyMany(users: readonly UserEntry[], signal?: AbortSignal): Promise<CallResult> {
    const { body, ...result } = await this.#call(manyUsersRequest(this.#options.api, users), signal)
    if (result.outcome !== 'delivered') return result
    const count = parseCount(body)
    if (count === undefined || count > users.length) return this.#unexpected(result)
    if (count < users.length) {
      const message = `Dopt counted ${count} of the ${users.length} users sent`
      return { ...result, outcome: 'split', code: 'count_mismatch', message }
    }
    return result
  }

  async identifyGroup(group: GroupEntry, signal?: AbortSignal): Promise<CallResult> {
    const { body, ...result } = await this.#call(groupRequest(group), signal)
    // Dopt may answer with any body, or none.
    return result.outcome === 'delivered' && isPage(body) ? this.#unexpected(result) : result
  }

  #unexpected(result: CallResult): CallResult {
    const message = `${this.#origin} answered ${result.status}, but not in the form that Dopt documents: the result is unknown`
    return { ...result, outcome: 'retry', code: 'unexpected_answer', message }
  }

  async checkKey(signal?: AbortSignal): Promise<CallResult> {
    const { body, ...result } = await this.#call(checkKeyRequest(this.#options.api), signal)
    // Any answer of Dopt below 500 to an empty call, except for a refused key or a wrong address, means that the key was
    // accepted. Dopt's answers are JSON, or empty.
    const isAccepted = ['delivered', 'split', 'reject'].includes(result.outcome) && (result.status ?? 500) < 500
    if (!isAccepted) return result
    const isDopt = body.trim() === '' || parseJson(body) !== undefined
    return isDopt ? { ...result, outcome: 'delivered' } : this.#unexpected(result)
  }

  close(): void {
    this.#agents.http.destroy()
    this.#agents.https.destroy()
  }

  async #call({ path, body }: WireRequest, signal?: AbortSignal): Promise<CallResult & { body: string }> {
    const startedAt = performance.now()
    const request = this.#got(this.#origin + path, { body, ...(signal && { signal }) })
    void request.on('downloadProgress', ({ transferred }) => {
      if (transferred > MAX_ANSWER_BYTES) request.cancel()
    })
    try {
      const response = await request
      return { ...this.#read(response), durationMs: performance.now() - startedAt }
    } catch (error) {
      return { ...this.#explain(error, signal), durationMs: performance.now() - startedAt }
    }
  }

  #read(response: Response<string>): Omit<CallResult, 'durationMs'> & { body: string } {
    const { statusCode: status, body } = response
    const outcome = outcomeOf(status)
    const retryAfterMs = parseRetryAfter(response.headers['retry-after'], Date.now())
    if (outcome === 'delivered') return { outcome, status, code: undefined, message: undefined, retryAfterMs, body }
    const { code, details } = parseError(body)
    const fallback =
      status >= 300 && status < 400 ? 'redirected: check the endpoint' : response.statusMessage || 'no message'
    const ownCode = code === undefined ? undefined : this.#words(code).slice(0, MAX_CODE)
    return { outcome, status, code: ownCode, message: this.#words(details ?? fallback), retryAfterMs, body }
  }

  #explain(error: unknown, signal?: AbortSignal): Omit<CallResult, 'durationMs'> & { body: string } {
    const failed = { outcome: 'retry' as const, status: undefined, retryAfterMs: undefined, body: '' }
    if (signal?.aborted) return { ...failed, code: 'aborted', message: 'the call was cut short by shutdown' }
    if (error instanceof TimeoutError) {
      return { ...failed, code: 'timeout', message: `${this.#origin} did not answer in time` }
    }
    if (error instanceof CancelError) {
      return { ...failed, code: 'answer_too_large', message: `the answer from ${this.#origin} is too large` }
    }
    const code = error instanceof RequestError ? error.code : 'unknown'
    return { ...failed, code: 'network_error', message: this.#words(`cannot reach ${this.#origin} (${code})`) }
  }

  /** One line of limited length, without the key. */
  #words(text: string): string {
    return redact(text, this.#options.apiKey).replace(/\s+/g, ' ').trim().slice(0, MAX_WORDS)
  }
}

/** `{ code, details }` of Dopt's errors; both undefined for anything else, such as a load balancer's HTML page. */
function parseError(body: string): { code: string | undefined; details: string | undefined } {
  const parsed = parseJson(body)
  const field = (name: string): string | undefined => {
    const value: unknown = typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, name) : undefined
    return typeof value === 'string' ? value : undefined
  }
  return { code: field('code'), details: field('details') }
}

/** Of a proxy, or of a web server that is not Dopt's: an API answers with JSON, if with anything. */
function isPage(body: string): boolean {
  return body.trimStart().startsWith('<')
}
