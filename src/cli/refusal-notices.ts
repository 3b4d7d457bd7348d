import type { HttpError, HttpErrorCode } from '../intake/http/http-error.js'
import { printable } from './printable.js'
import { plural } from './summary.js'

/**
 * Reports refused requests, whose events most SDKs delete: the first of each code at once, the others as a number. Holds
 * one count per code, however many requests come.
 */
export class RefusalNotices {
  readonly #kinds = new Map<HttpErrorCode, { more: number; latest: string }>()

  constructor(private readonly say: (line: string) => void) {}

  take({ status, code, message }: HttpError): void {
    // Clients retry after a 5xx, and the store's errors have notices of their own. A client that did not finish its
    // request retries too; often it only opened a connection in advance, as browsers do.
    if (status >= 500 || code === 'incomplete') return
    const kind = this.#kinds.get(code)
    if (kind === undefined) {
      this.#kinds.set(code, { more: 0, latest: message })
      this.say(`refused a request (${code}): ${printable(message)}`)
    } else {
      kind.more++
      kind.latest = message
    }
  }

  /** To be called every hour, and at the end: reports how many more there were. */
  sayRest(): void {
    for (const [code, kind] of this.#kinds) {
      if (kind.more === 0) {
        // It is over: the next one is reported at once.
        this.#kinds.delete(code)
        continue
      }
      const requests = plural(kind.more, 'more request')
      this.say(`refused ${requests} (${code}) in the last hour; the latest: ${printable(kind.latest)}`)
      kind.more = 0
    }
  }
}
