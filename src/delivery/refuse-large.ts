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
  if (entries.length <= batchSize && bytes <= maxBodyBytes) return undefined
  const refused = (code: string, tooLarge: string) => {
    const error = `${tooLarge} that a call may have: nothing was sent`
    return { isSent: false, at: now, status: undefined, code, error }
  }
  if (entries.length === 1) {
    const words = `the ${subject} is ${bytes} bytes, more than the ${maxBodyBytes}`
    return { to: 'failed', call: refused(`${subject}_too_large`, words) }
  }
  const words = `${entries.length} users and ${bytes} bytes are more than the ${batchSize} users and ${maxBodyBytes} bytes`
  return { to: 'split', call: refused('batch_too_large', words) }
}
