import type { NewEvent } from '../store/store.js'

/** Why an event is not for Dopt. Such events are counted, but not stored. */
export type IgnoredReason = 'type' | 'integrations' | 'no-identifier'

/** The result of translating one Segment event. */
export type Translation =
  | { kind: 'event'; event: NewEvent }
  | { kind: 'ignored'; reason: IgnoredReason }
  /** Meant for Dopt, but invalid. `reason` is one line without property values. */
  | { kind: 'rejected'; reason: string }
