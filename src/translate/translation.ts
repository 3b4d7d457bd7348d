import type { NewEvent } from '../store/store.js'

/** Why an event is not for us; counted, never stored. */
export type IgnoredReason = 'type' | 'integrations' | 'no-identifier'

/** What became of one Segment event. */
export type Translation =
  | { kind: 'event'; event: NewEvent }
  | { kind: 'ignored'; reason: IgnoredReason }
  /** Should have been for us but cannot be. `reason` is one line without property values. */
  | { kind: 'rejected'; reason: string }
