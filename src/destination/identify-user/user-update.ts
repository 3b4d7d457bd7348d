import { parseEventTime } from '../event-time'
import { flattenProperties, flattenToText, toNestedProperties } from '../flatten'
import type { PropertyValue } from '../flatten'
import { mergeUpdates } from '../merge'
import type { PropertyUpdate } from '../merge'
import type { UserEntry } from '../wire'
import type { Payload } from './generated-types'

/** A user of a batch, and the places of its events in the batch. */
export interface BatchUser {
  user: UserEntry
  indices: number[]
}

export const NO_IDENTIFIER =
  'The event has no identifier. Check that the Identifier of the mapping names a field that these events have.'

/** Whether there is anything in the identifier but white space. */
export function isIdentifier(identifier: string): boolean {
  return identifier.trim() !== ''
}

/** The user of one event. */
export function toUserEntry(payload: Payload): UserEntry {
  return {
    identifier: payload.identifier,
    properties: flattenToText(payload.properties ?? {}, toNestedProperties(payload.nested_properties))
  }
}

/** The users of a batch, each once, in the order in which they first occur; the events of one user are merged. */
export function toBatchUsers(payloads: readonly Payload[], arrivedAt: number): BatchUser[] {
  const updates = new Map<string, PropertyUpdate[]>()
  payloads.forEach((payload, order) => {
    const update = {
      eventTime: parseEventTime(payload.timestamp, arrivedAt),
      order,
      properties: propertiesOf(payload)
    }
    const ofUser = updates.get(payload.identifier)
    if (ofUser === undefined) updates.set(payload.identifier, [update])
    else ofUser.push(update)
  })
  return Array.from(updates, ([identifier, ofUser]) => ({
    user: { identifier, properties: JSON.stringify(mergeUpdates(ofUser).properties) },
    indices: ofUser.map(({ order }) => order)
  }))
}

function propertiesOf({ properties, nested_properties }: Payload): Record<string, PropertyValue> {
  return flattenProperties(properties ?? {}, toNestedProperties(nested_properties))
}
