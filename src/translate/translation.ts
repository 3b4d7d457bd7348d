import type { NewEvent } from '../store/store.js'

/** Why an event is not for Dopt. Such events are counted, but not stored. */
export type IgnoredReason = 'type' | 'integrations' | 'no-identifier'

/** The result of translating one Segment event. */
export type Translation =
  /** `isUntimed`: its timestamp is no time, and nothing else in it tells one, so that it counts as happening on arrival. */
  | { kind: 'event'; event: NewEvent; isUntimed?: true }
  | { kind: 'ignored'; reason: IgnoredReason }
  /** Meant for Dopt, but invalid. `reason` is one line without property values. */
  | { kind: 'rejected'; reason: string }
