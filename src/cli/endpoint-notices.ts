import { outcomeOf } from '../destination/dopt-api.js'
import type { EndpointRecord } from '../store/store.js'
import { formatDuration } from './format-number.js'
import { printable } from './printable.js'

/** A flapping endpoint is not reported more often than this. */
const QUIET_MS = 5000

/** Turns the endpoint's health into notices: one when trouble begins, one when it is over. */
export class EndpointNotices {
  #saidAt = -Infinity
  #said: EndpointRecord['state'] = 'ok'

  /** @param advice what to do about a refused key */
  constructor(private readonly advice: string) {}

  /** The notice to print now; undefined if there is nothing new. */
  next(record: EndpointRecord, now: number): string | undefined {
    const { state } = record
    if (state === this.#said) return undefined
    if (state === 'backing-off' && now - this.#saidAt < QUIET_MS) return undefined
    this.#said = state
    this.#saidAt = now
    switch (state) {
      case 'ok':
        return 'Dopt accepts calls again'
      case 'key-refused':
        return `Dopt refuses the API key (${printable(record.lastError ?? 'no error message')}): ${this.advice}`
      case 'backing-off': {
        const waitMs = Math.max(0, (record.nextProbeAt ?? now) - now)
        return `${describeTrouble(record.lastError)}: retrying in ${formatDuration(waitMs)}`
      }
    }
  }
}

/** Short, for the progress line; undefined while the endpoint is ok. */
export function describeState({ state, nextProbeAt }: EndpointRecord, now: number): string | undefined {
  if (state === 'ok') return undefined
  if (state === 'key-refused') return 'key refused'
  const waitMs = (nextProbeAt ?? now) - now
  return waitMs > 0 ? `waiting for Dopt, ${Math.ceil(waitMs / 1000)} s` : 'waiting for Dopt'
}

/** `Dopt answers 503 …`, or why there was no answer. */
export function describeTrouble(lastError: string | undefined): string {
  if (lastError === undefined) return 'Dopt does not accept calls'
  const error = printable(lastError)
  const [status] = /^\d{3}\b/.exec(error) ?? []
  if (status === undefined) return error.replace(/^(network_error|timeout|answer_too_large) /, '')
  // Waiting does not help.
  const isMisdirected = outcomeOf(Number(status)) === 'misdirected'
  return `Dopt answers ${error}${isMisdirected ? ' (check --endpoint and --api)' : ''}`
}
