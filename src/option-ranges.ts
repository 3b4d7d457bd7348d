import { MAX_USERS_PER_CALL } from './destination/limits.js'

/** The allowed range of each numeric option. In a file of its own, so that importing it loads nothing else. */
export const OPTION_RANGES = {
  batchSize: [1, MAX_USERS_PER_CALL],
  flushIntervalMs: [0, 3_600_000],
  concurrency: [1, 256],
  retryWindowMs: [0, Number.MAX_SAFE_INTEGER],
  retryBaseMs: [0, 3_600_000],
  retryMaxMs: [0, 86_400_000],
  keyProbeMs: [1, 86_400_000],
  retentionMs: [0, Number.MAX_SAFE_INTEGER],
  requestTimeoutMs: [1, 600_000],
  maxBodyBytes: [1024, 100_000_000],
  maxStoreBytes: [1, Number.MAX_SAFE_INTEGER]
} as const satisfies Record<string, readonly [number, number]>
