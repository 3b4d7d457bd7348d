import type { BatchRecord, EventRecord } from '../store/store.js'
import { formatTime, formatWhen } from './when.js'

type MakeHint = (command: string) => string

/** What happens next with a batch, and what there is to do. */
export function nextForBatch(batch: BatchRecord, now: number, hint: MakeHint): string {
  switch (batch.state) {
    case 'sending':
      return `it is on its way to Dopt (attempt ${batch.attempts + 1})`
    case 'retrying': {
      const due = batch.nextAttemptAt
      const when = due === undefined || due <= now ? 'as soon as a sender has room for it' : formatWhen(due, now)
      return `attempt ${batch.attempts + 1}: ${when}`
    }
    case 'failed':
      if (batch.events === 0) return 'nothing: none of its events is left'
      return `put it back with: ${hint(`replay --batch ${batch.id}`)}`
    case 'split':
      return 'nothing: the batches that it was split into go their own way'
    case 'replayed':
      return 'nothing: its events were put back, and are in newer batches or pending'
    case 'delivered':
      return wasSent(batch) ? 'nothing: Dopt has it' : 'nothing: there was nothing left to send'
  }
}

/** What happens next with an event. `batch` is the one that it is in, if any. */
export function nextForEvent(event: EventRecord, batch: BatchRecord | undefined, now: number, hint: MakeHint): string {
  if (event.state === 'pending') return `it goes out with one of the next calls of whoever sends`
  if (event.state === 'superseded') {
    return `nothing: newer values went out${event.supersededBy === undefined ? '' : `, with message ${event.supersededBy}`}`
  }
  return batch === undefined ? 'not known' : nextForBatch(batch, now, hint)
}

/** What Dopt said to the last call, with its status; or why there was no answer, or no call at all. */
export function lastWords({
  lastAttemptAt,
  lastStatus,
  lastCode,
  lastError
}: BatchRecord): [string, string | undefined] {
  const words = [lastStatus, lastCode, lastError].filter((part) => part !== undefined).join(' ')
  const isTold = lastAttemptAt !== undefined && words !== ''
  return [
    lastStatus === undefined ? 'trouble' : 'Dopt said',
    isTold ? `${words} (at ${formatTime(lastAttemptAt)})` : undefined
  ]
}

/** Stands above what a batch holds. */
export function sentHeading(batch: BatchRecord): string {
  if (batch.state !== 'delivered' && batch.state !== 'failed') return 'To be sent'
  return wasSent(batch) ? 'Sent' : 'Not sent'
}

/** Of a settled batch. What is overtaken before its call, or must not go into one, is settled without. */
function wasSent({ state, attempts, lastStatus }: BatchRecord): boolean {
  return lastStatus !== undefined || (state === 'failed' && attempts > 0)
}
