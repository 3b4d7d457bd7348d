import { entryBytes } from '../destination/dopt-api.js'
import type { OpenBatch, Settlement } from '../store/store.js'
import type { BatchSourceOptions } from './batch-source.js'

/**
 * How to settle a batch that is over the limits, left by an earlier run with higher ones: it is not sent, but split.
 * Undefined if it can be sent.
 */
export function refuseLarge(
  { subject, entries }: Pick<OpenBatch, 'subject' | 'entries'>,
  { api, batchSize, maxBodyBytes }: Pick<BatchSourceOptions, 'api' | 'batchSize' | 'maxBodyBytes'>,
  now: number
): Settlement | undefined {
  // A body is one byte longer than its entries: each entry counts a comma, and the body has two brackets.
  const bytes = entries.reduce((sum, entry) => sum + entryBytes(api, entry), 1)
  const [users, isTooLong] = [entries.length, bytes > maxBodyBytes]
  if (users <= batchSize && !isTooLong) return undefined
  const what = users === 1 ? `the ${subject} is` : `${users} users are`
  const excess = isTooLong
    ? `${what} ${bytes} bytes, more than the ${maxBodyBytes} that a call may have`
    : `a call has ${users} users, more than the ${batchSize} that it may have`
  const code = users === 1 ? `${subject}_too_large` : 'batch_too_large'
  const call = { isSent: false, at: now, status: undefined, code, error: `${excess}: nothing was sent` }
  return { to: users === 1 ? 'failed' : 'split', call }
}
