import type { GroupPayload, Payload, Settings } from '../destination/index.js'
import { Destination, type ActionDefinition, type JSONObject } from './actions-core.cjs'

type Action = ActionDefinition<Settings>
type Fields = Action['fields']

/** The payload of either action. */
export type AnyPayload = Partial<Payload & GroupPayload>

/** A mapping, split into the values that are the same for every payload and the fields that depend on the event. */
export interface SplitMapping {
  constants: AnyPayload
  mapping: JSONObject
  fields: Fields
}

/** Fields that only Segment's platform reads, to batch events. */
const PLATFORM_FIELDS = ['enable_batching', 'batch_size']

/**
 * Separates the constant part of a mapping, so that it is mapped and validated once and not for every event. The
 * pipeline itself maps it; if that yields no payload (so no event would), the mapping stays whole.
 */
export async function splitMapping(name: string, action: Action, mapping: JSONObject): Promise<SplitMapping> {
  const whole: SplitMapping = { constants: {}, mapping, fields: action.fields }
  const isConstant = (key: string): boolean => key in action.fields && !isDirective(mapping[key])
  // A condition would make one field's validity depend on another.
  if (Object.values(action.fields).some(({ required }) => typeof required === 'object')) return whole
  const constant = pick(mapping, isConstant)
  const definition = { ...action, fields: pick(action.fields, isConstant), performBatch: () => undefined }
  const fieldNames = Object.keys(definition.fields)
  if (fieldNames.length === 0) return whole
  const destination = new Destination<Settings>({
    name: `${name}-${nameOf(action.fields, fieldNames)}`,
    mode: 'cloud',
    actions: { constant: definition }
  })
  const [node] = await destination.executeBatch('constant', {
    events: [{ type: 'identify', messageId: 'constant' }],
    mapping: constant,
    settings: { apiKey: '' }
  })
  if (node === undefined || 'errormessage' in node) return whole
  const isMapped = (key: string): boolean => !isConstant(key)
  const constants = pick(node.sent as AnyPayload, (key) => !PLATFORM_FIELDS.includes(key))
  return { constants, mapping: pick(mapping, isMapped), fields: pick(action.fields, isMapped) }
}

/** A name for a selection of fields, valid as a URI scheme, which actions-core uses it as. */
export function nameOf(fields: Fields, chosen: readonly string[]): string {
  return Object.keys(fields)
    .map((key) => (chosen.includes(key) ? 1 : 0))
    .join('')
}

/** Anything in a mapping that is not a plain value may depend on the event. */
function isDirective(value: unknown): boolean {
  return value === undefined || (typeof value === 'object' && value !== null)
}

function pick<T extends object>(record: T, want: (key: string) => boolean): T {
  return Object.fromEntries(Object.entries(record).filter(([key]) => want(key))) as T
}
