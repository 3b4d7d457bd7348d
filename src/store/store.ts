/**
 * The store: what was received, the state of each event, and the result of each batch. All code outside this folder
 * uses this interface. Methods are asynchronous and work on whole batches, so that an implementation on another machine
 * is possible. When a method that writes resolves, the change is committed to disk.
 *
 * Times are epoch milliseconds. Every method may reject with a StoreError.
 */
import type { Api, UserEntry } from '../destination/dopt-api.js'
import type { AcceptReceipt, Intake, SeqRange, Subject } from './intake.js'
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

export type * from './intake.js'
export type * from './records.js'

export interface FormOptions {
  now: number
  maxUsers: number
  /** The generation of the API that the batch is for; the size of a user depends on it. */
  api: Api
  /** Upper limit for the size of a call's body. */
  maxBodyBytes: number
  /** A batch that is not full is formed only if its oldest event arrived at or before this time. */
  flushBefore: number
}

/** A batch that is not settled: `sending` or `retrying`. */
export interface OpenBatch {
  id: number
  /** A batch has users, or one group. */
  subject: Subject
  entries: readonly UserEntry[]
  /** Number of its events, superseded ones included. */
  events: number
  superseded: number
  attempts: number
  createdAt: number
  /** The batch that it was split from. */
  parentId: number | undefined
}

export type FormResult =
  /** A batch, committed as `sending`. `superseded` counts events of other users that had nothing left to send. */
  | { kind: 'formed'; batch: OpenBatch; superseded: number }
  /** One user or group alone is too large for a call: its events were failed. */
  | { kind: 'too-large'; batchId: number; events: number }
  /** The events had nothing left to send: they were superseded. */
  | { kind: 'superseded'; batchId: number; events: number }
  /** Events wait for others to fill their batch, until this time. The batch lacks this many users. */
  | { kind: 'waiting'; until: number; lacking: number }
  /** Nothing is pending, except for users and groups that are in an open batch. */
  | { kind: 'nothing' }

/** The result of a call, as it is recorded with its batch. */
export interface CallRecord {
  /** False if no call was made, because the batch cannot be sent. Default: true. */
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

/** How many events reached these states. An event with further parts to send has not reached any of them yet. */
export type SettledEvents = Pick<EventCounts, 'delivered' | 'superseded' | 'failed'>

/** Selects the failed events to replay. All conditions must hold; without any, all failed events are selected. */
export interface ReplaySelection {
  batchId?: number
  /** Of this user or, if `subject` says so, this group. */
  identifier?: string
  subject?: Subject
  /** Failed at or after. */
  since?: number
  /** Failed before. */
  until?: number
}

/** What to remove: events in each state that were settled (or rejected) before this time. Undefined removes none. */
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
  /** Sequence numbers of these events, for `countStates`. */
  ranges: SeqRange[]
}

/** What an earlier sender left. */
export interface Resumed {
  /** Batches that wait for a retry. */
  waiting: number
  /** The endpoint's health, as it was saved last. */
  endpoint: EndpointRecord | undefined
}

/** The work that is left. */
export interface Agenda {
  hasPending: boolean
  /** Batches in flight or waiting. */
  openBatches: number
}

/** Failed batches that `forget` emptied are never listed. */
export interface BatchFilter {
  state?: BatchState
  since?: number
  limit: number
}

export interface Store {
  /** Its path, as shown in messages. */
  readonly location: string

  /** Stores events, rejections and counts in one commit. An event whose `messageId` was seen before is only counted. */
  accept(intake: Intake): Promise<AcceptReceipt>

  /**
   * Forms a batch from pending users that are in no open batch, with all their pending events; or from one group,
   * taking turns with users. Each pending user and group gets a turn before any gets a second one. Values that a newer
   * delivered event has set are left out. Only the process that holds the sending lock may call it.
   */
  formBatch(options: FormOptions): Promise<FormResult>

  /** Takes the waiting batch that is due first, if it is due by `dueBy`, and marks it as `sending`. */
  claimRetry(dueBy: number, now: number): Promise<OpenBatch | undefined>

  /** Records the result of a call. Splitting a batch creates two waiting batches, due at once. */
  settle(batchId: number, settlement: Settlement): Promise<SettledEvents>

  /**
   * Makes this handle the sender. Batches that were in flight when the last sender ended are waiting again, due now.
   * Rejects with `in-use` if another process is the sender.
   */
  resume(now: number): Promise<Resumed>

  /** Makes all waiting batches due now, because the clock was set back. */
  makeDue(now: number): Promise<void>

  agenda(): Promise<Agenda>
  /** When the first waiting batch is due; undefined if none is waiting. */
  nextRetryAt(): Promise<number | undefined>

  /** Makes failed events pending again, in chunks of one commit each. */
  replay(selection: ReplaySelection, now: number): Promise<ReplayCount>
  /** What a replay would make pending again. */
  countReplay(selection: ReplaySelection): Promise<ReplayCount>

  /** Stored rejections with ids above `afterId`, oldest first: at most `limit`, fewer if they are large, at least one. */
  rejections(afterId: number, limit: number): Promise<RejectionRecord[]>

  /** Removes some of what `options` selects, in one short commit. `more` tells whether to call it again. */
  pruneStep(options: PruneOptions): Promise<{ removed: number; more: boolean }>
  /** Returns some of the freed space to the disk. Resolves to false when there is none left to return. */
  reclaimStep(): Promise<boolean>
  /**
   * Removes all events of a user (or group), then rewrites the file, so that no trace of their values is left in it.
   */
  forget(identifier: string, subject?: Subject): Promise<ForgetCount>

  /** Bytes in use (without freed space), and the limit, if there is one. */
  usage(): Promise<{ bytes: number; maxBytes: number | undefined }>

  /**
   * Resolves if an event could be accepted now, and rejects as `accept` would. To find out, it commits dummy data of
   * about that size.
   */
  tryToWrite(): Promise<void>

  saveEndpoint(record: EndpointRecord): Promise<void>
  books(): Promise<Books>
  /** How many of the events in these ranges are in each state. */
  countStates(ranges: readonly SeqRange[]): Promise<EventCounts>
  listBatches(filter: BatchFilter): Promise<BatchRecord[]>
  getBatch(id: number): Promise<{ batch: BatchRecord; children: BatchRecord[]; attempts: AttemptRecord[] } | undefined>
  eventsOfBatch(id: number, limit: number): Promise<EventRecord[]>
  /** The current part of an event (its state is that of the event); undefined if the event is not in the store. */
  getEvent(messageId: string): Promise<EventRecord | undefined>
  /** All parts of an event that are still in the store, in the order in which they are sent. */
  partsOfEvent(messageId: string): Promise<EventRecord[]>
  /** A user's events or, if `subject` says so, a group's; newest first, at most `limit`. `total` counts all of them. */
  eventsOfUser(identifier: string, limit: number, subject?: Subject): Promise<{ events: EventRecord[]; total: number }>

  close(): Promise<void>
}
