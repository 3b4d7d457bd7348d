import { flattenToText } from '../flatten-to-text'
import { toNestedProperties } from '../nested-properties'
import type { GroupEntry, UserEntry } from '../wire'
import type { Payload } from './generated-types'

export const NO_GROUP_IDENTIFIER =
  'The event has no group identifier. Map Identifier to a field that these events have.'

/** The group of one event. */
export function toGroupEntry({ identifier, properties, nested_properties }: Payload): GroupEntry {
  return { identifier, properties: flattenToText(properties ?? {}, toNestedProperties(nested_properties)) }
}

/** The user that the event puts into its group, without properties; `undefined` if the event names none. */
export function memberOf({ identifier, user_identifier }: Payload): UserEntry | undefined {
  if (user_identifier === undefined || user_identifier.trim() === '') return undefined
  return { identifier: user_identifier, properties: '{}', groups: [{ identifier, properties: '{}' }] }
}
