import type { Receipt } from '../forwarder.js'
import { addRange } from '../store/seq-ranges.js'
import type { SeqRange } from '../store/store.js'

/** What this run received, added up from the receipts. */
export class Tally {
  received = 0
  accepted = 0
  duplicates = 0
  rejected = 0
  ignored = 0
  readonly ignoredReasons: Record<string, number> = {}
  /** Arrival numbers of the accepted events. */
  readonly ranges: SeqRange[] = []

  add(receipt: Receipt): void {
    this.received += receipt.received
    this.accepted += receipt.accepted
    this.duplicates += receipt.duplicates
    this.rejected += receipt.rejected
    this.ignored += receipt.ignored
    for (const [reason, count] of Object.entries(receipt.ignoredReasons)) {
      this.ignoredReasons[reason] = (this.ignoredReasons[reason] ?? 0) + count
    }
    if (receipt.range !== undefined) addRange(this.ranges, receipt.range)
  }

  /** Events that were rejected before and are rejected again; they are kept as they are. */
  addRejected(events: number): void {
    this.received += events
    this.rejected += events
  }

  /** Rejected events that were accepted in a correct form since, under the same message id. */
  addDuplicates(events: number): void {
    this.received += events
    this.duplicates += events
  }

  /** Events that were in the store and are put back. They count as received and accepted. */
  addPutBack(events: number, ranges: readonly SeqRange[]): void {
    this.received += events
    this.accepted += events
    for (const range of ranges) addRange(this.ranges, range)
  }
}
