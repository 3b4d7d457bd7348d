import type { NestedProperties } from '../destination/index.js'
import type { NewPart } from '../store/store.js'
import { CapturingDestination, type Captured } from './capture.js'
import { eventTime } from './client-time.js'
import { isExcluded } from './integrations.js'
import { combine } from './combine.js'
import { isInexact } from './inexact-id.js'
import { messageIdOf } from './message-id.js'
import { defaultSubscriptions, type Subscription } from './subscriptions.js'
import type { Translation } from './translation.js'

type SegmentEventLike = Record<string, unknown>

export interface TranslatorOptions {
  nestedProperties: NestedProperties
  /** Default: every identify, by its `userId`. Subscriptions that are not enabled are skipped. */
  subscriptions?: readonly Subscription[] | undefined
}

/** Translates Segment events to users and groups, with the same destination definition that runs in Segment's cloud. */
export class Translator {
  readonly #capturing: readonly CapturingDestination[]
  readonly #screen: (event: unknown) => Translation | undefined

  constructor({ nestedProperties, subscriptions }: TranslatorOptions) {
    this.#screen = subscriptions === undefined ? screenIdentify : screen
    this.#capturing = (subscriptions ?? defaultSubscriptions(nestedProperties))
      .filter(({ enabled }) => enabled)
      .map((subscription) => new CapturingDestination(subscription, nestedProperties))
  }

  // Loops instead of `map`, here and in capture.ts: V8's garbage collection drops the machine code of a callback that
  // has no live closure, and would recompile it every few calls.

  /**
   * One translation per event, in order. `arrivedAt` is one time for all of them, or one for each. Never rejects
   * because of an event's values.
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

  /** For each event, the results of all subscriptions. */
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
    if (hasInexactId(combined.parts, event)) {
      return { kind: 'rejected', reason: 'the id is a number too large to be exact: send it as a string' }
    }
    const [first, ...later] = combined.parts
    const time = eventTime(combined.timestamp, event, arrivedAt)
    const translation: Translation = {
      kind: 'event',
      event: {
        messageId: messageIdOf(event),
        ...first,
        eventTime: time ?? arrivedAt,
        arrivedAt,
        ...(later.length > 0 && { later })
      }
    }
    if (time === undefined && (event['timestamp'] ?? '') !== '') translation.isUntimed = true
    return translation
  } catch (error) {
    return { kind: 'rejected', reason: `cannot be written as JSON (${whyNotWritten(error)})` }
  }
}

function hasInexactId(parts: readonly NewPart[], event: SegmentEventLike): boolean {
  for (const { identifier, groups } of parts) {
    if (isInexact(identifier, event)) return true
    if (groups?.some((group) => isInexact(group, event))) return true
  }
  return false
}

/** What JSON.stringify throws quotes names of properties; this does not. */
function whyNotWritten(error: unknown): string {
  if (error instanceof RangeError) return 'nested too deeply'
  if (error instanceof TypeError) return 'it contains a BigInt, or itself'
  return error instanceof Error ? error.name : 'unknown error'
}

/** The mapping accepts a string or a number; an event with any other timestamp counts as having happened on arrival. */
function withMappableTimestamp(event: SegmentEventLike): SegmentEventLike {
  const { timestamp } = event
  if (timestamp instanceof Date) {
    return { ...event, timestamp: Number.isNaN(timestamp.getTime()) ? undefined : timestamp.toISOString() }
  }
  return typeof timestamp === 'object' || typeof timestamp === 'boolean' ? { ...event, timestamp: undefined } : event
}

/** The result for events that can be decided without the mapping; undefined for all others. */
function screen(event: unknown): Translation | undefined {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) {
    return { kind: 'rejected', reason: `not an object but ${describe(event)}` }
  }
  const { type, integrations, batch } = event as SegmentEventLike
  if (typeof type !== 'string' || type === '') {
    const advice = Array.isArray(batch)
      ? 'this is the body of a batch: give the events in it'
      : 'a Segment event has one, such as "type":"identify"'
    return { kind: 'rejected', reason: `no type: ${advice}` }
  }
  return isExcluded(integrations) ? { kind: 'ignored', reason: 'integrations' } : undefined
}

/** The same for the default mapping, which uses the traits as properties. */
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
