import { parseEventTime } from '../event-time'
import { flattenProperties } from '../flatten'
import { flattenToText } from '../flatten-to-text'
import { mergeGroups, namedGroups } from '../groups'
import type { GroupsUpdate, NamedGroup } from '../groups'
import { mergeUpdates } from '../merge'
import type { PropertyUpdate } from '../merge'
import { toNestedProperties, type PropertyValue } from '../nested-properties'
import type { UserEntry } from '../wire'
import type { Payload } from './generated-types'

/** A user of a batch, and the indices of its events in the batch. */
export interface BatchUser {
  user: UserEntry
  indices: number[]
}

export const NO_IDENTIFIER = 'The event has no identifier. Map Identifier to a field that these events have.'

/** Whether the identifier is more than white space. */
export function isIdentifier(identifier: string): boolean {
  return identifier.trim() !== ''
}

/** The user of one event. */
export function toUserEntry(payload: Payload): UserEntry {
  const { identifier, properties, nested_properties } = payload
  const groups = mergeGroups([{ eventTime: 0, order: 0, groups: groupsOf(payload) }])
  return {
    identifier,
    properties: flattenToText(properties ?? {}, toNestedProperties(nested_properties)),
    ...(groups.length > 0 && { groups })
  }
}

/** The groups that an event puts its user into. */
export function groupsOf({ groups, nested_properties }: Payload): NamedGroup[] {
  return namedGroups(groups, nested_properties)
}

interface UserUpdate extends PropertyUpdate, GroupsUpdate {
  index: number
}

/**
 * The users of a batch, each once, in order of first occurrence; the events of a user are merged. Payloads whose index
 * is in `without` are skipped.
 */
export function toBatchUsers(
  payloads: readonly Payload[],
  arrivedAt: number,
  without: ReadonlySet<number> = new Set()
): BatchUser[] {
  const updates = new Map<string, UserUpdate[]>()
  payloads.forEach((payload, index) => {
    if (without.has(index)) return
    const update = {
      eventTime: parseEventTime(payload.timestamp, arrivedAt),
      order: index,
      index,
      properties: propertiesOf(payload),
      groups: groupsOf(payload)
    }
    const ofUser = updates.get(payload.identifier)
    if (ofUser === undefined) updates.set(payload.identifier, [update])
    else ofUser.push(update)
  })
  return Array.from(updates, ([identifier, ofUser]) => {
    const groups = mergeGroups(ofUser)
    const properties = JSON.stringify(mergeUpdates(ofUser).properties)
    return {
      user: { identifier, properties, ...(groups.length > 0 && { groups }) },
      indices: ofUser.map(({ index }) => index)
    }
  })
}

function propertiesOf({ properties, nested_properties }: Payload): Record<string, PropertyValue> {
  return flattenProperties(properties ?? {}, toNestedProperties(nested_properties))
}
