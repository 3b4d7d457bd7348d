import type { NewEvent } from '../../src/store/store.js'

/** When the events of these tests happen, epoch ms; `at` counts from here. */
export const START = Date.UTC(2026, 0, 1)

export interface EventParts {
  id?: string
  user?: string
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
  const { id = `m-${made}`, user = 'u', at = made, properties = {} } = parts
  return {
    messageId: id,
    identifier: user,
    eventTime: START + at,
    arrivedAt: START + (parts.arrived ?? at),
    properties: JSON.stringify(properties)
  }
}
