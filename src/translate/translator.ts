import { parseEventTime, type NestedProperties } from '../destination/index.js'
import { CapturingDestination, type Captured } from './capture.js'
import { isExcluded } from './integrations.js'
import { combine } from './combine.js'
import { isInexact } from './inexact-id.js'
import { messageIdOf } from './message-id.js'
import { defaultSubscriptions, type Subscription } from './subscriptions.js'
import type { Translation } from './translation.js'

type SegmentEventLike = Record<string, unknown>

export interface TranslatorOptions {
  nestedProperties: NestedProperties
  /** Default: every identify, by its user id. Those that are not enabled are passed over. */
  subscriptions?: readonly Subscription[] | undefined
}

/** Turns Segment events into users and groups to identify, with the same definition that runs in Segment's cloud. */
export class Translator {
  readonly #capturing: readonly CapturingDestination[]
  readonly #screen: (event: unknown) => Translation | undefined

  constructor({ nestedProperties, subscriptions }: TranslatorOptions) {
    this.#screen = subscriptions === undefined ? screenIdentify : screen
    this.#capturing = (subscriptions ?? defaultSubscriptions(nestedProperties))
      .filter(({ enabled }) => enabled)
      .map((subscription) => new CapturingDestination(subscription, nestedProperties))
  }

  // Loops here and in capture.ts, where `map` would do: V8 drops the machine code of a callback of which no closure is left
  // when it collects garbage, and would compile it anew every few calls.

  /**
   * One translation for each event, in order. `arrivedAt`: of all of them, or of each. Never throws for what an event holds.
   */
  async translate(events: readonly unknown[], arrivedAt: number | readonly number[]): Promise<Translation[]> {
    const screened: Array<Translation | undefined> = []
    const open: SegmentEventLike[] = []
    for (const event of events) {
      const early = this.#screen(event)
      screened.push(early)
      if (early === undefined) open.push(withMappableTimestamp(event as SegmentEventLike))
    }
    const captured = await this.#capture(open)
    const translations: Translation[] = []
    let next = 0
    for (const [index, early] of screened.entries()) {
      const arrived = typeof arrivedAt === 'number' ? arrivedAt : (arrivedAt[index] ?? Date.now())
      translations.push(early ?? finish(events[index] as SegmentEventLike, captured[next++], arrived))
    }
    return translations
  }

  /** Of each event the results of all subscriptions. */
  async #capture(events: readonly SegmentEventLike[]): Promise<Captured[][]> {
    const results: Captured[][] = []
    for (let count = 0; count < events.length; count++) results.push([])
    for (const capturing of this.#capturing) {
      const more = await capturing.run(events)
      for (const [index, ofEvent] of results.entries()) {
        ofEvent.push(more[index] ?? { kind: 'invalid', reason: 'cannot be mapped' })
      }
    }
    return results
  }
}

function finish(event: SegmentEventLike, results: readonly Captured[] | undefined, arrivedAt: number): Translation {
  if (results === undefined) return { kind: 'rejected', reason: 'cannot be mapped' }
  try {
    const combined = combine(results)
    if (combined.kind !== 'parts') return combined
    if (combined.parts.some(({ identifier }) => isInexact(identifier, event))) {
      return { kind: 'rejected', reason: 'the id is a number too large to be exact: send it as text' }
    }
    const [first, ...later] = combined.parts
    return {
      kind: 'event',
      event: {
        messageId: messageIdOf(event),
        ...first,
        eventTime: parseEventTime(combined.timestamp, arrivedAt),
        arrivedAt,
        ...(later.length > 0 && { later })
      }
    }
  } catch (error) {
    // Nested too deep for the stack, or without a JSON text.
    return { kind: 'rejected', reason: `cannot be read (${error instanceof Error ? error.name : 'unknown error'})` }
  }
}

/** A malformed timestamp makes an event as old as its arrival, it does not make it invalid: the mapping takes text or a number. */
function withMappableTimestamp(event: SegmentEventLike): SegmentEventLike {
  const { timestamp } = event
  if (timestamp instanceof Date) {
    return { ...event, timestamp: Number.isNaN(timestamp.getTime()) ? undefined : timestamp.toISOString() }
  }
  return typeof timestamp === 'object' || typeof timestamp === 'boolean' ? { ...event, timestamp: undefined } : event
}

/** What can be said of an event before the mapping sees it; undefined when the mapping decides. */
function screen(event: unknown): Translation | undefined {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) {
    return { kind: 'rejected', reason: `not an object but ${describe(event)}` }
  }
  const { type, integrations } = event as SegmentEventLike
  if (typeof type !== 'string' || type === '') {
    return { kind: 'rejected', reason: 'no type: a Segment event says what it is, such as "type":"identify"' }
  }
  return isExcluded(integrations) ? { kind: 'ignored', reason: 'integrations' } : undefined
}

/** The same where the mapping is ours, and takes the traits for properties. */
function screenIdentify(event: unknown): Translation | undefined {
  const early = screen(event)
  if (early !== undefined) return early
  const { type, traits } = event as SegmentEventLike
  if (type !== 'identify' || traits === undefined || traits === null) return undefined
  if (typeof traits === 'object' && !Array.isArray(traits)) return undefined
  return { kind: 'rejected', reason: `traits is ${describe(traits)}, not an object` }
}

function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (value === undefined) return 'nothing'
  return `a ${typeof value}`
}
