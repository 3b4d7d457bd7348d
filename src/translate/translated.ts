import type { NewEvent, NewRejection } from '../store/store.js'
import type { IgnoredReason, Translation } from './translation.js'

/** An event, and the name of its source to show in a rejection. */
export interface SourcedEvent {
  source: string
  /** The parsed event; or the text that could not be parsed, and why. `complete` is false if `raw` was cut. */
  value: { event: unknown } | { malformed: string; raw: string; complete: boolean }
}

/** An input that could not be translated. `index` is its place in the input, from 0. */
export interface Rejection {
  index: number
  reason: string
}

/** Collects the translations of events, in order, to be accepted together. */
export class Translated {
  readonly events: NewEvent[] = []
  /** Rejections as they are stored. */
  readonly kept: NewRejection[] = []
  /** The same rejections, by their place in the input. */
  readonly rejections: Rejection[] = []
  /** The sources of events whose `timestamp` is no time. */
  readonly untimed: string[] = []
  readonly ignoredReasons: Partial<Record<IgnoredReason, number>> = {}
  #received = 0

  /** How many inputs were added, whatever their result. */
  get received(): number {
    return this.#received
  }

  /**
   * `translation` is undefined if the input is not an event.
   *
   * @param receivedAt epoch ms
   */
  add({ source, value }: SourcedEvent, translation: Translation | undefined, receivedAt: number): void {
    const index = this.#received++
    if ('malformed' in value) {
      const { malformed: reason, raw, complete } = value
      this.#reject(index, { source, reason, raw, complete, receivedAt })
    } else if (translation?.kind === 'event') {
      this.events.push(translation.event)
      if (translation.isUntimed === true) this.untimed.push(source)
    } else if (translation?.kind === 'ignored') {
      const { reason } = translation
      this.ignoredReasons[reason] = (this.ignoredReasons[reason] ?? 0) + 1
    } else {
      const text = toText(value.event)
      const reason = translation?.reason ?? 'cannot be mapped'
      const raw = text ?? '(no JSON text)'
      this.#reject(index, { source, reason, raw, complete: text !== undefined, receivedAt })
    }
  }

  #reject(index: number, rejection: NewRejection): void {
    this.kept.push(rejection)
    this.rejections.push({ index, reason: rejection.reason })
  }
}

/** Undefined if the event cannot be written as JSON. */
function toText(event: unknown): string | undefined {
  try {
    return JSON.stringify(event)
  } catch {
    return undefined
  }
}
