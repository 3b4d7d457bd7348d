import type { Faults } from './faults.js'

export interface SandboxOptions {
  /** 0, the default, picks any free port. */
  port?: number
  /** Default `127.0.0.1`, which other machines cannot reach. */
  host?: string
  /** The key that callers must send as `x-api-key`. Default `sandbox-key`. */
  apiKey?: string
  /** Largest body accepted, in bytes; larger ones get a 413. Default 1 MiB. */
  maxBodyBytes?: number
  /** Delay of every answer, in ms. The call itself takes effect at once. */
  latencyMs?: number
  /** Share of calls, 0 to 1, that fail with `failStatus` and change nothing. */
  failRate?: number
  /** Status of calls that fail by `failRate`. Default 500. */
  failStatus?: number
  /** `Retry-After`, in seconds, of calls that fail by `failRate`. */
  retryAfterS?: number
  /** A call with any of these users gets a 400, as a whole. */
  rejectUsers?: readonly string[]
  /** A call with any of these groups, alone or as the group of a user, gets a 400, as a whole. */
  rejectGroups?: readonly string[]
  /** Refuse calls with objects or arrays as property values. */
  strictProperties?: boolean
  /** Share of calls, 0 to 1, whose connection is cut: half of them after taking effect, half before. */
  dropRate?: number
  /** Added to the `count` of a many-users answer. */
  countOffset?: number
  /** The random number generator, 0 to 1 (1 excluded). Default `Math.random`. */
  random?: () => number
}

export interface ResolvedOptions {
  port: number
  host: string
  maxBodyBytes: number
  faults: Faults
  random: () => number
}

const DEFAULTS = {
  port: 0,
  host: '127.0.0.1',
  maxBodyBytes: 1024 * 1024,
  faults: {
    apiKey: 'sandbox-key',
    latencyMs: 0,
    failRate: 0,
    failStatus: 500,
    retryAfterS: null,
    rejectUsers: [],
    rejectGroups: [],
    strictProperties: false,
    dropRate: 0,
    countOffset: 0
  }
} satisfies Omit<ResolvedOptions, 'random'>

export function resolveOptions(options: SandboxOptions = {}): ResolvedOptions {
  const { faults } = DEFAULTS
  return {
    port: options.port ?? DEFAULTS.port,
    host: options.host ?? DEFAULTS.host,
    maxBodyBytes: options.maxBodyBytes ?? DEFAULTS.maxBodyBytes,
    random: options.random ?? Math.random,
    faults: {
      apiKey: options.apiKey ?? faults.apiKey,
      latencyMs: options.latencyMs ?? faults.latencyMs,
      failRate: options.failRate ?? faults.failRate,
      failStatus: options.failStatus ?? faults.failStatus,
      retryAfterS: options.retryAfterS ?? faults.retryAfterS,
      rejectUsers: options.rejectUsers ?? faults.rejectUsers,
      rejectGroups: options.rejectGroups ?? faults.rejectGroups,
      strictProperties: options.strictProperties ?? faults.strictProperties,
      dropRate: options.dropRate ?? faults.dropRate,
      countOffset: options.countOffset ?? faults.countOffset
    }
  }
}
