/** The records that the store returns. Times are epoch milliseconds. */
import type { NewRejection, Subject } from './intake.js'

export type EventState = 'pending' | 'sending' | 'retrying' | 'delivered' | 'superseded' | 'failed'
export type BatchState = 'sending' | 'retrying' | 'delivered' | 'failed' | 'split' | 'replayed'

export interface EventCounts {
  pending: number
  sending: number
  retrying: number
  delivered: number
  superseded: number
  failed: number
}

export type EndpointState = 'ok' | 'backing-off' | 'key-refused'

/** The endpoint's health as the sender last saw it, for other processes. */
export interface EndpointRecord {
  state: EndpointState
  since: number
  lastError: string | undefined
  /** When the next probe is due, unless the state is `ok`. */
  nextProbeAt: number | undefined
}

/** A process that took the sending lock. */
export interface SenderRecord {
  pid: number
  host: string
  startedAt: number
}

/** Counts and state of the whole store. */
export interface Books {
  /** By state; removed delivered events still count as delivered. */
  events: EventCounts
  /** Accepted events that `prune` or `forget` removed, and that no state counts any more. */
  removed: number
  /** Stored rejections. */
  rejected: number
  /** Batches still in the store, without failed ones that `forget` emptied. */
  batches: Record<BatchState, number>
  /** Delivered events that retention or `prune` removed: `events.delivered` includes them, but they are in no batch. */
  prunedDelivered: number
  /** Totals since the store was created. */
  intake: { received: number; accepted: number; duplicates: number; rejected: number; ignored: Record<string, number> }
  endpoint: EndpointRecord | undefined
  /** The last process that took the sending lock; it may have exited. */
  sender: SenderRecord | undefined
  /** When the oldest event that is pending, sending or retrying arrived. */
  oldestPendingAt: number | undefined
  lastErrors: Array<{
    batchId: number
    at: number
    status: number | undefined
    code: string | undefined
    error: string
  }>
  /** Size of the store in use. */
  bytes: number
}

export interface BatchRecord {
  id: number
  state: BatchState
  parentId: number | undefined
  subject: Subject
  /** Number of users; 1 for a group. */
  users: number
  events: number
  superseded: number
  attempts: number
  createdAt: number
  nextAttemptAt: number | undefined
  settledAt: number | undefined
  lastAttemptAt: number | undefined
  lastStatus: number | undefined
  lastCode: string | undefined
  lastError: string | undefined
}

/** A call that did not deliver its batch. */
export interface AttemptRecord {
  /** Its number, from 1. Calls that ended with a refused key or a shutdown do not increase it. */
  attempt: number
  at: number
  status: number | undefined
  code: string | undefined
  error: string | undefined
}

/** An event, or one of its parts. The event's state is that of the part whose `turn` is `now`. */
export interface EventRecord {
  seq: number
  messageId: string
  subject: Subject
  identifier: string
  eventTime: number
  arrivedAt: number
  /** The text of a flat JSON object. */
  properties: string
  /** Groups that the user is put into. */
  groups: readonly string[]
  state: EventState
  turn: 'over' | 'now' | 'later'
  batchId: number | undefined
  /** `messageId` of the event that superseded it. */
  supersededBy: string | undefined
}

export interface RejectionRecord extends NewRejection {
  id: number
}
