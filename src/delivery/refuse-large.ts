import { BODY_FRAME_BYTES, entryBytes } from '../destination/dopt-api.js'
import type { OpenBatch, Settlement } from '../store/store.js'
import { tooLarge } from '../store/too-large.js'
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
  const bytes = entries.reduce((sum, entry) => sum + entryBytes(api, entry), BODY_FRAME_BYTES)
  const isTooLong = bytes > maxBodyBytes
  if (entries.length <= batchSize && !isTooLong) return undefined
  if (entries.length === 1) return { to: 'failed', call: tooLarge(subject, bytes, maxBodyBytes, now) }
  const excess = isTooLong
    ? `${bytes} bytes, more than the ${maxBodyBytes}`
    : `${entries.length} users, more than the ${batchSize}`
  const error = `the batch has ${excess} that a call may have: nothing was sent`
  return { to: 'split', call: { isSent: false, at: now, status: undefined, code: 'batch_too_large', error } }
}
