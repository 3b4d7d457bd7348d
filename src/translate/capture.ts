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

/** What the mapping gives for one event. */
export interface Mapped {
  kind: 'mapped'
  /** Whom the action is about. */
  subject: Subject
  /** Undefined where the event has none. */
  identifier: string | undefined
  properties: object | undefined
  nestedProperties: NestedProperties
  timestamp: string | undefined
  /** Those that a user is put into, and what the event says of them. */
  groups: readonly NamedGroup[]
  /** The user who is put into a group. */
  member: string | undefined
}

/** What Segment's pipeline made of one event: a payload for the action, or the reason why there is none. */
export type Captured = Mapped | { kind: 'not-subscribed' } | { kind: 'invalid'; reason: string }

const NOT_FOR_US: Captured = { kind: 'not-subscribed' }

/** What actions-core 3.170 says of an event that the subscription does not ask for; a test notices if it says otherwise. */
const NOT_SUBSCRIBED = 'Payload is either invalid or does not match the subscription'

type SegmentEventLike = Readonly<Record<string, unknown>>

interface Pipeline {
  target: Destination<Settings>
  settings: JSONObject
  /** Undefined when the mapping may read anything. */
  reach: Reach | undefined
  /** What every payload gets besides. */
  constants: AnyPayload
}

/**
 * Runs events through the Segment destination as Segment's platform would (subscription, mapping, validation), but
 * takes hold of the payloads where the destination would send them.
 */
export class CapturingDestination {
  readonly #action: ActionDefinition<Settings>
  readonly #subscription: Subscription
  #pipeline: Promise<Pipeline> | undefined

  constructor(
    subscription: Subscription,
    /** What becomes of nested values where the mapping does not say. */
    private readonly nestedProperties: NestedProperties
  ) {
    const action = actionOf(subscription.partnerAction)
    const fields = { ...action.fields }
    // An event without an identifier is not invalid but not for us, so it has to come through to be told apart.
    if (fields.identifier !== undefined) fields.identifier = { ...fields.identifier, required: false }
    this.#action = { ...action, fields }
    this.#subscription = subscription
  }

  /** One result for each event, in order. An event that breaks the pipeline does not take the others with it. */
  async run(events: readonly SegmentEventLike[]): Promise<Captured[]> {
    if (events.length === 0) return []
    try {
      return await this.#runTogether(events)
    } catch (error) {
      if (events.length === 1) {
        // The stack is as deep as the event, and ends.
        if (error instanceof RangeError) return [{ kind: 'invalid', reason: 'nested too deep to be mapped' }]
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
    // The pipeline reads what the mapping names and takes any JSON there; the type promises more of an event than that.
    const segmentEvents = handed as readonly object[] as SegmentEvent[]
    const results = await target.onBatch(segmentEvents, settings)
    const multistatus = results[0]?.multistatus
    const subject = subjectOf(this.#subscription)
    const captured: Captured[] = []
    for (let index = 0; index < events.length; index++) {
      // None where the subscription asks for nothing of the batch.
      captured.push(multistatus === undefined ? NOT_FOR_US : toCaptured(subject, multistatus[index], constants))
    }
    return captured
  }

  async #buildPipeline(): Promise<Pipeline> {
    // actions-core keeps compiled schemas by name for the whole process: the real destination must not get these.
    // (The name begins a URI there, so it has to be a valid scheme.)
    const name = `${destination.name}-capture`
    const { subscribe } = this.#subscription
    const given = { nested_properties: this.nestedProperties, ...this.#subscription.mapping }
    const { constants, mapping, fields } = await splitMapping(name, this.#action, given)
    const target = new Destination<Settings>({
      name: `${name}-${nameOf(this.#action.fields, Object.keys(fields))}`,
      mode: 'cloud',
      // An action whose batches answer nothing: actions-core then gives back what would have been sent.
      actions: { act: { ...this.#action, fields, performBatch: () => undefined } }
    })
    const subscriptions = [{ name: this.#action.title, enabled: true, subscribe, partnerAction: 'act', mapping }]
    const reach = reachOf(subscribe, mapping, objectFieldsOf(fields))
    return { target, settings: { subscriptions }, reach, constants }
  }
}

/** Fields that take an object as it is, whatever is in it. */
function objectFieldsOf(fields: ActionDefinition<Settings>['fields']): ReadonlySet<string> {
  const names = Object.entries(fields).filter(([, { type, properties, multiple }]) => {
    return type === 'object' && properties === undefined && multiple !== true
  })
  return new Set(names.map(([name]) => name))
}

const NONE: readonly NamedGroup[] = []

/** What the pipeline says of one event. */
type Answer = NonNullable<Awaited<ReturnType<Destination<Settings>['onBatch']>>[number]['multistatus']>[number]

function toCaptured(subject: Subject, node: Answer | undefined, constants: AnyPayload): Captured {
  if (node === undefined) return { kind: 'invalid', reason: 'cannot be mapped (no answer)' }
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

/** The part of each event that is read, with what is only passed on sealed. */
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
