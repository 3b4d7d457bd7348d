import { formatBytes } from '../format-bytes.js'
import { StoreError } from './errors.js'

/** Returns a check that throws StoreError `limit` once the store has reached its maximum size. */
export function prepareSizeLimit(file: string, bytes: () => number, maxBytes: number | undefined): () => void {
  return () => {
    if (maxBytes === undefined || bytes() < maxBytes) return
    throw new StoreError(
      'limit',
      `${file} has reached its limit of ${formatBytes(maxBytes)}: raise --max-store-bytes, or wait until deliveries make room`
    )
  }
}
