import type { NewEvent, NewRejection } from '../store/store.js'
import type { IgnoredReason, Translation } from './translation.js'

/** An event, and how to call its source in a rejection. */
export interface SourcedEvent {
  source: string
  /** The parsed event, or the text that could not be parsed and why. */
  value: { event: unknown } | { malformed: string; raw: string; complete: boolean }
}

/** Something that came in and cannot be translated; `index` is its place in what was handed over. */
export interface Rejection {
  index: number
  reason: string
}

/** What events handed over one after the other were translated to, in the order in which they came. */
export class Translated {
  readonly events: NewEvent[] = []
  /** What cannot be translated, as it is kept. */
  readonly kept: NewRejection[] = []
  /** The same, by its place. */
  readonly rejections: Rejection[] = []
  readonly ignoredReasons: Partial<Record<IgnoredReason, number>> = {}
  #received = 0

  /** How many were handed over, whatever became of them. */
  get received(): number {
    return this.#received
  }

  /** `translation`: of the event, where it is one. */
  add({ source, value }: SourcedEvent, translation: Translation | undefined): void {
    const index = this.#received++
    if ('malformed' in value) {
      this.#reject(index, { source, reason: value.malformed, raw: value.raw, complete: value.complete })
    } else if (translation?.kind === 'event') {
      this.events.push(translation.event)
    } else if (translation?.kind === 'ignored') {
      const { reason } = translation
      this.ignoredReasons[reason] = (this.ignoredReasons[reason] ?? 0) + 1
    } else {
      const text = toText(value.event)
      const reason = translation?.reason ?? 'cannot be mapped'
      this.#reject(index, { source, reason, raw: text ?? '(no JSON text)', complete: text !== undefined })
    }
  }

  #reject(index: number, rejection: NewRejection): void {
    this.kept.push(rejection)
    this.rejections.push({ index, reason: rejection.reason })
  }
}

/** Undefined for what has no JSON text. */
function toText(event: unknown): string | undefined {
  try {
    return JSON.stringify(event)
  } catch {
    return undefined
  }
}
