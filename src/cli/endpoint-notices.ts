import type { EndpointRecord } from '../store/store.js'
import { formatDuration } from './format-number.js'
import { printable } from './printable.js'

/** An endpoint that comes and goes is not reported more often than this. */
const QUIET_MS = 5000

/** Turns the endpoint's health into lines for the person who waits: one when trouble begins, one when it is over. */
export class EndpointNotices {
  #saidAt = -Infinity
  #said: EndpointRecord['state'] = 'ok'

  /** @param advice what to do about a refused key */
  constructor(private readonly advice: string) {}

  /** What to say about the endpoint now; undefined when there is nothing new. */
  next(record: EndpointRecord, now: number): string | undefined {
    const { state } = record
    if (state === this.#said) return undefined
    if (state === 'backing-off' && now - this.#saidAt < QUIET_MS) return undefined
    this.#said = state
    this.#saidAt = now
    switch (state) {
      case 'ok':
        return 'Dopt takes calls again'
      case 'key-refused':
        return `Dopt refuses the API key (${printable(record.lastError ?? 'no words')}): ${this.advice}`
      case 'backing-off': {
        const waitMs = Math.max(0, (record.nextProbeAt ?? now) - now)
        return `${describeTrouble(record.lastError)}: trying again, next in ${formatDuration(waitMs)}`
      }
    }
  }
}

/** In a few words, for the progress line; undefined while all is well. */
export function describeState({ state, nextProbeAt }: EndpointRecord, now: number): string | undefined {
  if (state === 'ok') return undefined
  if (state === 'key-refused') return 'key refused'
  const waitMs = (nextProbeAt ?? now) - now
  return waitMs > 0 ? `waiting for Dopt, ${Math.ceil(waitMs / 1000)} s` : 'waiting for Dopt'
}

/** `Dopt answers 503 …`, or what kept us from getting an answer. */
export function describeTrouble(lastError: string | undefined): string {
  if (lastError === undefined) return 'Dopt does not take calls'
  const words = printable(lastError)
  return /^\d{3}\b/.test(words)
    ? `Dopt answers ${words}`
    : words.replace(/^(network_error|timeout|answer_too_large) /, '')
}
