import type { Forwarder } from '../forwarder.js'
import type { EndpointRecord, EventCounts } from '../store/store.js'
import { describeState, type EndpointNotices } from './endpoint-notices.js'
import type { Output } from './output.js'
import type { Tally } from './tally.js'

const TICK_MS = 100

/** Shows the progress of a run on standard error: the progress line, and notices about the endpoint. */
export class DeliveryWatch {
  bytesRead = 0
  #timer: NodeJS.Timeout | undefined
  #shownBytes = 0
  #endpoint: EndpointRecord | undefined
  #settledElsewhere: Pick<EventCounts, 'delivered' | 'superseded' | 'failed'> | undefined

  constructor(
    private readonly forwarder: Forwarder,
    private readonly tally: Tally,
    private readonly output: Output,
    private readonly notices: EndpointNotices,
    /** Undelivered events that were in the store before this run. */
    readonly backlog: number
  ) {}

  start(totalBytes?: number): void {
    this.output.startProgress(totalBytes)
    this.#timer = setInterval(() => this.tick(), TICK_MS)
  }

  tick(): void {
    const { sender } = this.forwarder
    if (sender !== undefined) this.showEndpoint(sender.health.record)
    const endpoint = this.#endpoint
    const totals = this.#settledElsewhere ?? this.forwarder.totals
    this.output.updateProgress({
      read: this.tally.received,
      delivered: totals.delivered,
      superseded: totals.superseded,
      failed: totals.failed,
      bytesRead: this.#bytesDone(),
      trouble: endpoint && describeState(endpoint, Date.now())
    })
  }

  /** This run's events that another process has settled. */
  showSettled({ delivered, superseded, failed }: EventCounts): void {
    this.#settledElsewhere = { delivered, superseded, failed }
  }

  /** Reports a change of the endpoint's health. */
  showEndpoint(record: EndpointRecord): void {
    this.#endpoint = record
    const line = this.notices.next(record, Date.now())
    if (line !== undefined) this.output.note(line)
  }

  /** Shows the last state and ends the progress line. */
  stop(): void {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.tick()
    this.output.stopProgress()
  }

  /** Bytes of the input that are done, not only read: scaled by the share of the known events that is settled. */
  #bytesDone(): number {
    const { sender, totals } = this.forwarder
    const known = this.backlog + this.tally.accepted
    const settled = totals.delivered + totals.superseded + totals.failed
    const share = sender === undefined || known === 0 ? 1 : Math.min(1, settled / known)
    this.#shownBytes = Math.max(this.#shownBytes, Math.floor(this.bytesRead * share))
    return this.#shownBytes
  }
}
