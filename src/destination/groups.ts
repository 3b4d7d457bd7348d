import { flattenProperties } from './flatten'
import { mergeUpdates } from './merge'
import type { PropertyUpdate } from './merge'
import { toNestedProperties, type PropertyValue } from './nested-properties'
import type { Api, GroupEntry } from './wire'

/** A group that an event names, with its properties. */
export interface NamedGroup {
  identifier: string
  properties: Record<string, PropertyValue>
}

/** An event's groups, with the times that decide which of several events is the newest. */
export interface GroupsUpdate extends Omit<PropertyUpdate, 'properties'> {
  groups: readonly NamedGroup[]
}

export const GROUPS_NEED_BATCH =
  "Groups can be sent only when this destination's API setting is Batch. Set API to Batch if Dopt has given you access to it, or stop sending groups."

export function takesGroups(api: Api): boolean {
  return api === 'batch'
}

/**
 * The groups of a payload, without those that have no identifier (the mapping yields them for events outside any
 * group).
 */
export function namedGroups(
  groups: readonly { identifier?: string; properties?: object }[] | undefined,
  nested: string | undefined
): NamedGroup[] {
  return (groups ?? []).flatMap(({ identifier, properties }) =>
    identifier === undefined || identifier.trim() === ''
      ? []
      : [{ identifier, properties: flattenProperties(properties ?? {}, toNestedProperties(nested)) }]
  )
}

/**
 * Each group once, in order of first occurrence; the events of a group are merged, the newest value wins.
 */
export function mergeGroups(updates: readonly GroupsUpdate[]): GroupEntry[] {
  const ofGroup = new Map<string, PropertyUpdate[]>()
  for (const { groups, ...when } of updates) {
    for (const { identifier, properties } of groups) {
      const known = ofGroup.get(identifier)
      if (known === undefined) ofGroup.set(identifier, [{ ...when, properties }])
      else known.push({ ...when, properties })
    }
  }
  return Array.from(ofGroup, ([identifier, known]) => ({
    identifier,
    properties: JSON.stringify(mergeUpdates(known).properties)
  }))
}
