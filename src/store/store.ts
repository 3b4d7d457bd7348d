/**
 * The store: what came in, where each event stands, and what became of each batch. Everything outside this folder talks
 * to this interface; methods are asynchronous and work at the grain of a batch, so that an implementation on another
 * machine is possible. A promise that resolves has been committed to disk.
 *
 * Times are epoch milliseconds. Every method may reject with a StoreError.
 */
import type { Api, UserEntry } from '../destination/dopt-api.js'
import type {
  AttemptRecord,
  BatchRecord,
  BatchState,
  Books,
  EndpointRecord,
  EventCounts,
  EventRecord,
  RejectionRecord
} from './records.js'

export type * from './records.js'

/** Whom an event tells something of. */
export type Subject = 'user' | 'group'

/** What an event says of one user or one group. */
export interface NewPart {
  /** Default: a user. */
  subject?: Subject
  identifier: string
  /** JSON object text, flat, as it goes to Dopt. */
  properties: string
  /** Groups to put the user into. */
  groups?: readonly string[]
}

/** An event translated and ready to be stored. */
export interface NewEvent extends NewPart {
  messageId: string
  /** When it happened; never later than `arrivedAt`. */
  eventTime: number
  arrivedAt: number
  /** What it says of others: each is sent when the one before it has been delivered or superseded. Nobody twice. */
  later?: readonly NewPart[]
}

/** Something that should have been for us but cannot be. */
export interface NewRejection {
  source: string
  reason: string
  raw: string
  /** False when `raw` was cut, so that it cannot be translated again. */
  complete: boolean
}

/** What came in together and is committed together. */
export interface Intake {
  events: readonly NewEvent[]
  rejections: readonly NewRejection[]
  /** How many were ignored, by reason. */
  ignored: Readonly<Record<string, number>>
  /** Ids of kept rejections that this intake replaces: they are deleted in the same commit. */
  replacesRejections?: readonly number[]
}

export interface AcceptReceipt {
  accepted: number
  duplicates: number
  /** The arrival numbers given to the accepted events, some of which have several: first and last, both included. */
  range: SeqRange | undefined
}

export interface SeqRange {
  first: number
  last: number
}

export interface FormOptions {
  now: number
  maxUsers: number
  /** The generation of the API that the batch is for: it decides how large a user is. */
  api: Api
  /** Bound on the sum of the sizes of the entries in a call's body, each with its comma. */
  maxBodyBytes: number
  /** A batch that is not full is formed only if its oldest event arrived at or before this time. */
  flushBefore: number
}

export interface OpenBatch {
  id: number
  /** A batch is of users, or of one group. */
  subject: Subject
  entries: readonly UserEntry[]
  events: number
  superseded: number
  attempts: number
  createdAt: number
  parentId: number | undefined
}

export type FormResult =
  /** A batch, committed as `sending`; `superseded` events of other users had nothing left to send and were settled. */
  | { kind: 'formed'; batch: OpenBatch; superseded: number }
  /** One user or group alone is larger than a call may be: its events were settled as failed. */
  | { kind: 'too-large'; batchId: number; events: number }
  /** Nothing was left to send: the events were settled as superseded. */
  | { kind: 'superseded'; batchId: number; events: number }
  /** Events wait for more users to fill a batch, until `until`. */
  | { kind: 'waiting'; until: number }
  /** Nothing is pending, or only events of users that are in an open batch. */
  | { kind: 'nothing' }

/** What a call came to, as the batch records it. */
export interface CallRecord {
  /** False where there was none: what was to be sent cannot be. Default: true. */
  isSent?: boolean
  at: number
  status: number | undefined
  code: string | undefined
  error: string | undefined
}

export type Settlement =
  | { to: 'delivered'; call: CallRecord }
  | { to: 'retrying'; call: CallRecord; nextAttemptAt: number; countAttempt: boolean }
  | { to: 'failed'; call: CallRecord }
  | { to: 'split'; call: CallRecord }

/** How many events have got into these states. An event with more to send is in none of them yet. */
export type SettledEvents = Pick<EventCounts, 'delivered' | 'superseded' | 'failed'>

/** Which failed work a replay means. Several conditions narrow each other. */
export interface ReplaySelection {
  batchId?: number
  /** Of this user or, as `subject` says, group. */
  identifier?: string
  subject?: Subject
  /** Failed at or after. */
  since?: number
  /** Failed before. */
  until?: number
}

/** What to remove: everything settled, or kept, before a time. What is undefined stays. */
export interface PruneOptions {
  deliveredBefore?: number
  failedBefore?: number
  rejectedBefore?: number
}

export interface ForgetCount {
  events: number
  rejections: number
}

export interface ReplayCount {
  batches: number
  events: number
  users: number
  groups: number
  /** Arrival numbers of these events, to ask later where they stand. */
  ranges: SeqRange[]
}

/** What is left to do. */
export interface Agenda {
  hasPending: boolean
  /** Batches in flight or waiting. */
  openBatches: number
}

/** Failed batches that `forget` has left nothing of are never among what is found. */
export interface BatchFilter {
  state?: BatchState
  since?: number
  limit: number
}

export interface Store {
  /** Where it is, as people would name it. */
  readonly location: string

  /** Stores events, rejections and counts in one commit. A message seen before is a duplicate and not stored again. */
  accept(intake: Intake): Promise<AcceptReceipt>

  /**
   * Takes pending users that are in no open batch, with all their pending events, as one batch; or one group, in turn with
   * the users. Everybody's turn comes within one round of all that are pending. Values that a newer delivered event has overtaken are left out. Only the
   * process that holds the sending lock may call it.
   */
  formBatch(options: FormOptions): Promise<FormResult>

  /** Takes the waiting batch that is due first, if it is due by `dueBy`, and marks it `sending`. */
  claimRetry(dueBy: number, now: number): Promise<OpenBatch | undefined>

  /** Records what a call came to. The halves of a split batch are waiting batches, due at once. */
  settle(batchId: number, settlement: Settlement): Promise<SettledEvents>

  /** Makes this handle the sender: batches that were in flight when the last sender ended wait again, due now. */
  resume(now: number): Promise<{ waiting: number }>

  /** Batches that wait are due now: the clock by which they were to wait was set back. */
  makeDue(now: number): Promise<void>

  agenda(): Promise<Agenda>
  /** When the first waiting batch is due. */
  nextRetryAt(): Promise<number | undefined>

  /** Puts failed events back as pending, in chunks of one commit each. */
  replay(selection: ReplaySelection, now: number): Promise<ReplayCount>
  /** What a replay would put back. */
  countReplay(selection: ReplaySelection): Promise<ReplayCount>

  /** Kept rejections after `afterId`, oldest first. */
  rejections(afterId: number, limit: number): Promise<RejectionRecord[]>

  /** Removes a little of what is older than asked for, in one short commit. `more` tells whether there is more to do. */
  pruneStep(options: PruneOptions): Promise<{ removed: number; more: boolean }>
  /** Gives a little of the space that removals freed back to the disk. False when there is no more to give. */
  reclaimStep(): Promise<boolean>
  /** Removes all events that tell something of a user (or group), then rewrites the file, so that no trace of them is left. */
  forget(identifier: string, subject?: Subject): Promise<ForgetCount>

  /** Bytes in use (space that removals freed does not count), and the limit. */
  usage(): Promise<{ bytes: number; maxBytes: number | undefined }>

  /**
   * Resolves where an event could be accepted now, and rejects as `accept` would: it commits something of that size, which
   * nothing depends on.
   */
  tryToWrite(): Promise<void>

  saveEndpoint(record: EndpointRecord): Promise<void>
  books(): Promise<Books>
  /** Where the events of these ranges stand. */
  countStates(ranges: readonly SeqRange[]): Promise<EventCounts>
  listBatches(filter: BatchFilter): Promise<BatchRecord[]>
  getBatch(id: number): Promise<{ batch: BatchRecord; children: BatchRecord[]; attempts: AttemptRecord[] } | undefined>
  eventsOfBatch(id: number, limit: number): Promise<EventRecord[]>
  /** The part of an event whose turn it is. */
  getEvent(messageId: string): Promise<EventRecord | undefined>
  /** All of an event that the store still has, in the order of its turns. */
  partsOfEvent(messageId: string): Promise<EventRecord[]>
  /** A user's events or, as `subject` says, a group's; the newest first. */
  eventsOfUser(identifier: string, limit: number, subject?: Subject): Promise<{ events: EventRecord[]; total: number }>

  close(): Promise<void>
}
