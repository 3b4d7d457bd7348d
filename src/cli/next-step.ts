import type { BatchRecord, EventRecord } from '../store/store.js'
import { formatTime, formatWhen } from './when.js'

type MakeHint = (command: string) => string

/** What happens next to a batch, and what you can do. */
export function nextForBatch(batch: BatchRecord, now: number, hint: MakeHint): string {
  switch (batch.state) {
    case 'sending':
      return `it is in flight (attempt ${batch.attempts + 1})`
    case 'retrying': {
      const due = batch.nextAttemptAt
      const when = due === undefined || due <= now ? 'when a sender has a free slot' : formatWhen(due, now)
      return `attempt ${batch.attempts + 1}: ${when}`
    }
    case 'failed':
      if (batch.events === 0) return 'nothing: none of its events is left'
      return `replay it with: ${hint(`replay --batch ${batch.id}`)}`
    case 'split':
      return 'nothing: the batches that it was split into are delivered separately'
    case 'replayed':
      return 'nothing: its events were put back, and are in newer batches or pending'
    case 'delivered':
      return wasSent(batch) ? 'nothing: Dopt has it' : 'nothing: there was nothing left to send'
  }
}

/** What happens next to an event. `batch` is the one that it is in, if any. */
export function nextForEvent(event: EventRecord, batch: BatchRecord | undefined, now: number, hint: MakeHint): string {
  if (event.state === 'pending') return 'it will be sent in one of the next calls'
  if (event.state === 'superseded') {
    return `nothing: newer values were sent${event.supersededBy === undefined ? '' : `, with message ${event.supersededBy}`}`
  }
  return batch === undefined ? 'unknown' : nextForBatch(batch, now, hint)
}

/** Dopt's response to the last call; or the error that prevented a response, or the call. */
export function lastWords({
  lastAttemptAt,
  lastStatus,
  lastCode,
  lastError
}: BatchRecord): [string, string | undefined] {
  const error = [lastStatus, lastCode, lastError].filter((part) => part !== undefined).join(' ')
  const isTold = lastAttemptAt !== undefined && error !== ''
  return [
    lastStatus === undefined ? 'error' : 'response',
    isTold ? `${error} (at ${formatTime(lastAttemptAt)})` : undefined
  ]
}

/** The heading of a batch's content. */
export function sentHeading(batch: BatchRecord): string {
  if (batch.state !== 'delivered' && batch.state !== 'failed') return 'To be sent'
  return wasSent(batch) ? 'Sent' : 'Not sent'
}

/**
 * Whether a settled batch was sent. One whose values were superseded before its call, or that must not be sent, was
 * settled without a call.
 */
function wasSent({ state, attempts, lastStatus }: BatchRecord): boolean {
  return lastStatus !== undefined || (state === 'failed' && attempts > 0)
}
