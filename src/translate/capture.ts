import {
  destination,
  namedGroups,
  toNestedProperties,
  type NamedGroup,
  type NestedProperties,
  type Settings
} from '../destination/index.js'
import type { Subject } from '../store/store.js'
import { Destination, type ActionDefinition, type JSONObject, type SegmentEvent } from './actions-core.cjs'
import { nameOf, splitMapping, type AnyPayload } from './constants.js'
import { reachOf, type Reach } from './reach.js'
import { Sealed } from './sealed.js'
import { actionOf, subjectOf, type Subscription } from './subscriptions.js'

/** The result of mapping one event. */
export interface Mapped {
  kind: 'mapped'
  /** Whether the action is for a user or a group. */
  subject: Subject
  /** Undefined if the event has none. */
  identifier: string | undefined
  properties: object | undefined
  nestedProperties: NestedProperties
  timestamp: string | undefined
  /** The groups that the user is put into, with their properties. */
  groups: readonly NamedGroup[]
  /** The user who is put into a group. */
  member: string | undefined
}

/** What Segment's pipeline made of one event: a payload for the action, or the reason why there is none. */
export type Captured = Mapped | { kind: 'not-subscribed' } | { kind: 'invalid'; reason: string }

const NOT_FOR_US: Captured = { kind: 'not-subscribed' }

/** The message of actions-core 3.170 for an event that the subscription does not select; a test checks it. */
const NOT_SUBSCRIBED = 'Payload is either invalid or does not match the subscription'

type SegmentEventLike = Readonly<Record<string, unknown>>

interface Pipeline {
  target: Destination<Settings>
  settings: JSONObject
  /** Undefined if the mapping may read anything. */
  reach: Reach | undefined
  /** Values that are the same for every payload. */
  constants: AnyPayload
}

/**
 * Runs events through the Segment destination as Segment's platform would (subscription, mapping, validation), but
 * captures the payloads instead of sending them.
 */
export class CapturingDestination {
  readonly #action: ActionDefinition<Settings>
  readonly #subscription: Subscription
  #pipeline: Promise<Pipeline> | undefined

  constructor(
    subscription: Subscription,
    /** How to treat nested values if the mapping does not say. */
    private readonly nestedProperties: NestedProperties
  ) {
    const action = actionOf(subscription.partnerAction)
    const fields = { ...action.fields }
    // An event without an identifier is ignored, not rejected: it must pass validation to be told apart.
    if (fields.identifier !== undefined) fields.identifier = { ...fields.identifier, required: false }
    this.#action = { ...action, fields }
    this.#subscription = subscription
  }

  /** One result per event, in order. An event that breaks the pipeline does not affect the others. */
  async run(events: readonly SegmentEventLike[]): Promise<Captured[]> {
    if (events.length === 0) return []
    try {
      return await this.#runTogether(events)
    } catch (error) {
      if (events.length === 1) {
        // Deep nesting overflows the stack.
        if (error instanceof RangeError) return [{ kind: 'invalid', reason: 'nested too deeply to be mapped' }]
        return [
          { kind: 'invalid', reason: `cannot be mapped (${error instanceof Error ? error.name : 'unknown error'})` }
        ]
      }
    }
    const results: Captured[] = []
    for (const event of events) results.push(...(await this.run([event])))
    return results
  }

  async #runTogether(events: readonly SegmentEventLike[]): Promise<Captured[]> {
    const { target, settings, reach, constants } = await (this.#pipeline ??= this.#buildPipeline())
    const handed = reach === undefined ? events : withinReach(events, reach)
    // The pipeline only reads what the mapping names, and accepts any JSON there; the type is stricter than that.
    const segmentEvents = handed as readonly object[] as SegmentEvent[]
    const results = await target.onBatch(segmentEvents, settings)
    const multistatus = results[0]?.multistatus
    const subject = subjectOf(this.#subscription)
    const captured: Captured[] = []
    for (let index = 0; index < events.length; index++) {
      // Undefined if the subscription selects no event of the batch.
      captured.push(multistatus === undefined ? NOT_FOR_US : toCaptured(subject, multistatus[index], constants))
    }
    return captured
  }

  async #buildPipeline(): Promise<Pipeline> {
    // actions-core keeps compiled schemas by name for the whole process: the real destination must not get these.
    // (It uses the name as the start of a URI, so it must be a valid scheme.)
    const name = `${destination.name}-capture`
    const { subscribe } = this.#subscription
    const given = { nested_properties: this.nestedProperties, ...this.#subscription.mapping }
    const { constants, mapping, fields } = await splitMapping(name, this.#action, given)
    const target = new Destination<Settings>({
      name: `${name}-${nameOf(this.#action.fields, Object.keys(fields))}`,
      mode: 'cloud',
      // If `performBatch` returns nothing, actions-core returns what would have been sent.
      actions: { act: { ...this.#action, fields, performBatch: () => undefined } }
    })
    const subscriptions = [{ name: this.#action.title, enabled: true, subscribe, partnerAction: 'act', mapping }]
    const reach = reachOf(subscribe, mapping, objectFieldsOf(fields))
    return { target, settings: { subscriptions }, reach, constants }
  }
}

/** Fields that accept any object as it is. */
function objectFieldsOf(fields: ActionDefinition<Settings>['fields']): ReadonlySet<string> {
  const names = Object.entries(fields).filter(([, { type, properties, multiple }]) => {
    return type === 'object' && properties === undefined && multiple !== true
  })
  return new Set(names.map(([name]) => name))
}

const NONE: readonly NamedGroup[] = []

/** The pipeline's result for one event. */
type Answer = NonNullable<Awaited<ReturnType<Destination<Settings>['onBatch']>>[number]['multistatus']>[number]

function toCaptured(subject: Subject, node: Answer | undefined, constants: AnyPayload): Captured {
  if (node === undefined) return { kind: 'invalid', reason: 'cannot be mapped (no result)' }
  if ('errormessage' in node) {
    return node.errormessage === NOT_SUBSCRIBED
      ? NOT_FOR_US
      : { kind: 'invalid', reason: node.errormessage.split('\n', 1)[0] ?? 'invalid' }
  }
  return toMapped(subject, node.sent as AnyPayload, constants)
}

function toMapped(subject: Subject, payload: AnyPayload, constants: AnyPayload): Mapped {
  const properties = payload.properties ?? constants.properties
  const nested = payload.nested_properties ?? constants.nested_properties
  return {
    kind: 'mapped',
    subject,
    identifier: payload.identifier ?? constants.identifier,
    properties: properties instanceof Sealed ? properties.value : properties,
    nestedProperties: toNestedProperties(nested),
    timestamp: payload.timestamp ?? constants.timestamp,
    groups: payload.groups === undefined ? NONE : namedGroups(payload.groups, nested),
    member: payload.user_identifier ?? constants.user_identifier
  }
}

/** The part of each event that is read; values that are only copied whole are sealed. */
function withinReach(events: readonly SegmentEventLike[], reach: Reach): SegmentEventLike[] {
  const parts: SegmentEventLike[] = []
  for (const event of events) parts.push(partWithin(event, reach))
  return parts
}

function partWithin(event: SegmentEventLike, { keys, whole }: Reach): SegmentEventLike {
  const part: Record<string, unknown> = {}
  for (const key of keys) part[key] = whole.has(key) ? Sealed.seal(event[key]) : event[key]
  return part
}
