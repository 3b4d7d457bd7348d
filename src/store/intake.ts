/** What the store accepts. Times are epoch milliseconds. */

/** What an event, or a part of it, updates. */
export type Subject = 'user' | 'group'

/** One event's update of one user or one group. */
export interface NewPart {
  /** Default: a user. */
  subject?: Subject
  identifier: string
  /** The text of a flat JSON object, as it is sent to Dopt. */
  properties: string
  /** Groups to put the user into. */
  groups?: readonly string[]
}

/** A translated event, ready to be stored. */
export interface NewEvent extends NewPart {
  messageId: string
  /** When it happened; never later than `arrivedAt`. */
  eventTime: number
  arrivedAt: number
  /**
   * Further parts, for other users or groups: each is sent when the one before is delivered or superseded. No repeats.
   */
  later?: readonly NewPart[]
}

/** An input that was meant for Dopt, but is invalid. */
export interface NewRejection {
  /** Where it came from, for people: a file and line, for example. */
  source: string
  /** One line, without property values. */
  reason: string
  /** Its text. */
  raw: string
  /** False if `raw` was cut, so that it cannot be translated again. */
  complete: boolean
  /** Epoch ms, by the same clock as the `arrivedAt` of events: if it is translated again, it counts as of then. */
  receivedAt: number
}

/** Inputs that are committed together. */
export interface Intake {
  events: readonly NewEvent[]
  rejections: readonly NewRejection[]
  /** How many events were ignored, by reason. */
  ignored: Readonly<Record<string, number>>
  /** Ids of stored rejections that this intake replaces: they are deleted in the same commit. */
  replacesRejections?: readonly number[]
}

export interface AcceptReceipt {
  accepted: number
  duplicates: number
  /** The sequence numbers of the accepted events (one for each part), first to last; undefined if there are none. */
  range: SeqRange | undefined
}

/** Both ends included. */
export interface SeqRange {
  first: number
  last: number
}
