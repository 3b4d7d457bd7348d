import type { NewEvent, NewPart } from '../../src/store/store.js'

/** When the events of these tests happen, epoch ms; `at` counts from here. */
export const START = Date.UTC(2026, 0, 1)

export interface EventParts {
  id?: string
  user?: string
  /** The event is of this group, and not of a user. */
  group?: string
  /** Groups to put the user into. */
  groups?: string[]
  later?: NewPart[]
  /** Event time, ms after START. */
  at?: number
  /** Arrival, ms after START; by default the event time. */
  arrived?: number
  properties?: Record<string, unknown>
}

let made = 0

/** An event of user `u`, where nothing else is said; message ids do not repeat. */
export function newEvent(parts: EventParts = {}): NewEvent {
  made++
  const { id = `m-${made}`, user = 'u', at = made, properties = {}, group, groups, later } = parts
  return {
    messageId: id,
    identifier: group ?? user,
    ...(group !== undefined && { subject: 'group' as const }),
    ...(groups && { groups }),
    ...(later && { later }),
    eventTime: START + at,
    arrivedAt: START + (parts.arrived ?? at),
    properties: JSON.stringify(properties)
  }
}

/** What a group event says once more: that the user is in the group. */
export function member(user: string, ...groups: string[]): NewPart {
  return { identifier: user, properties: '{}', groups }
}

/** What an event says of a group besides. */
export function ofGroup(group: string, properties: Record<string, unknown> = {}): NewPart {
  return { subject: 'group', identifier: group, properties: JSON.stringify(properties) }
}
