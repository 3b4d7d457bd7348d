import { destination, type NestedProperties, type Payload, type Settings } from '../destination/index.js'
import {
  defaultValues,
  Destination,
  MultiStatusResponse,
  type ExecuteInput,
  type JSONObject,
  type SegmentEvent
} from './actions-core.cjs'

/** What Segment's pipeline made of one event: a payload for the action, or the reason why there is none. */
export type Captured =
  { kind: 'payload'; payload: Payload } | { kind: 'not-subscribed' } | { kind: 'invalid'; reason: string }

/** What actions-core 3.170 says of an event that the subscription does not ask for; a test notices if it says otherwise. */
const NOT_SUBSCRIBED = 'Payload is either invalid or does not match the subscription'

/**
 * Runs events through the Segment destination as Segment's platform would (subscription, mapping, validation), but
 * takes hold of the payloads where the destination would send them.
 */
export class CapturingDestination {
  readonly #destination: Destination<Settings>
  readonly #settings: JSONObject

  constructor(nestedProperties: NestedProperties) {
    const { identifyUser } = destination.actions
    if (identifyUser === undefined) throw new Error('the destination has no action identifyUser')
    const fields = { ...identifyUser.fields }
    // An event without an identifier is not invalid but not for us, so it has to come through to be told apart.
    if (fields.identifier !== undefined) fields.identifier = { ...fields.identifier, required: false }
    this.#destination = new Destination({
      // actions-core keeps compiled schemas by name for the whole process: the real destination must not get this one's.
      // (The name begins a URI there, so it has to be a valid scheme.)
      name: `${destination.name}-capture`,
      mode: 'cloud',
      actions: { identifyUser: { ...identifyUser, fields, performBatch: capture } }
    })
    this.#settings = {
      subscriptions: [
        {
          name: identifyUser.title,
          enabled: true,
          subscribe: identifyUser.defaultSubscription ?? 'type = "identify"',
          partnerAction: 'identifyUser',
          mapping: { ...(defaultValues(identifyUser.fields) as JSONObject), nested_properties: nestedProperties }
        }
      ]
    }
  }

  /** One result for each event, in order. An event that breaks the pipeline does not take the others with it. */
  async run(events: ReadonlyArray<Record<string, unknown>>): Promise<Captured[]> {
    if (events.length === 0) return []
    try {
      return await this.#runTogether(events)
    } catch (error) {
      if (events.length === 1) {
        return [
          { kind: 'invalid', reason: `cannot be mapped (${error instanceof Error ? error.name : 'unknown error'})` }
        ]
      }
    }
    const results: Captured[] = []
    for (const event of events) results.push(...(await this.run([event])))
    return results
  }

  async #runTogether(events: ReadonlyArray<Record<string, unknown>>): Promise<Captured[]> {
    // The pipeline reads what the mapping names and takes any JSON there; the type promises more of an event than that.
    const segmentEvents = events as ReadonlyArray<object> as SegmentEvent[]
    const results = await this.#destination.onBatch(segmentEvents, this.#settings)
    const multistatus = results[0]?.multistatus
    return events.map((_event, index) => {
      const node = multistatus?.[index]
      if (node === undefined) return { kind: 'not-subscribed' }
      if ('errormessage' in node) {
        return node.errormessage === NOT_SUBSCRIBED
          ? { kind: 'not-subscribed' }
          : { kind: 'invalid', reason: node.errormessage.split('\n', 1)[0] ?? 'invalid' }
      }
      return { kind: 'payload', payload: node.sent as unknown as Payload }
    })
  }
}

async function capture(_request: unknown, data: ExecuteInput<unknown, object[]>): Promise<MultiStatusResponse> {
  const response = new MultiStatusResponse()
  for (const payload of data.payload) {
    response.pushSuccessResponse({ status: 200, sent: payload as Record<string, never>, body: {} })
  }
  return response
}
