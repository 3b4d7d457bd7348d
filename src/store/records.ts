/** What the store says of what it holds. Times are epoch milliseconds. */
import type { NewRejection, Subject } from './store.js'

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

/** The endpoint's health as the sender last saw it, for other processes to read. */
export interface EndpointRecord {
  state: EndpointState
  since: number
  lastError: string | undefined
  /** When the next probe goes out, while not ok. */
  nextProbeAt: number | undefined
}

export interface SenderRecord {
  pid: number
  host: string
  startedAt: number
}

export interface Books {
  events: EventCounts
  /** Accepted events that `prune` or `forget` removed and that no state counts any more. */
  removed: number
  /** Rejections kept. */
  rejected: number
  /** Those that are there still, but for failed ones that `forget` has left nothing of. */
  batches: Record<BatchState, number>
  /** Delivered events that retention or `prune` removed: their state counts them still, and no batch holds them. */
  prunedDelivered: number
  /** Everything that ever came in. */
  intake: { received: number; accepted: number; duplicates: number; rejected: number; ignored: Record<string, number> }
  endpoint: EndpointRecord | undefined
  /** The last process that took the sending lock; it may be gone. */
  sender: SenderRecord | undefined
  /** When the oldest event arrived that is pending, sending or retrying; epoch milliseconds. */
  oldestPendingAt: number | undefined
  lastErrors: Array<{
    batchId: number
    at: number
    status: number | undefined
    code: string | undefined
    error: string
  }>
  bytes: number
}

export interface BatchRecord {
  id: number
  state: BatchState
  parentId: number | undefined
  subject: Subject
  /** Users, or the one group. */
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

/** A call that did not deliver. */
export interface AttemptRecord {
  /** Its number, from 1; calls that a refused key or a shutdown cut short do not count up. */
  attempt: number
  at: number
  status: number | undefined
  code: string | undefined
  error: string | undefined
}

/** An event, or one of its parts: `now` is the turn of the one that the event's state is that of. */
export interface EventRecord {
  seq: number
  messageId: string
  subject: Subject
  identifier: string
  eventTime: number
  arrivedAt: number
  properties: string
  /** Groups that it puts the user into. */
  groups: readonly string[]
  state: EventState
  turn: 'over' | 'now' | 'later'
  batchId: number | undefined
  /** The message that overtook its last value. */
  supersededBy: string | undefined
}

export interface RejectionRecord extends NewRejection {
  id: number
  receivedAt: number
}
