import type { AddressInfo } from 'node:net'
import { buildSandbox } from './build-sandbox.js'
import type { RequestRecord, SandboxStats } from './call-log.js'
import type { Faults } from './faults.js'
import { resolveOptions } from './options.js'
import type { SandboxOptions } from './options.js'
import type { Properties } from './state.js'

export interface Sandbox {
  /** Its address, such as `http://127.0.0.1:8788`, without a trailing slash. */
  readonly url: string
  /** Identifier → properties; live. */
  readonly users: ReadonlyMap<string, Properties>
  /** Identifier → properties; live. */
  readonly groups: ReadonlyMap<string, Properties>
  /** User → the groups that calls have put it into; live. */
  readonly memberships: ReadonlyMap<string, ReadonlySet<string>>
  readonly stats: SandboxStats
  /** The last 1,000 calls, oldest first. */
  readonly requests: readonly RequestRecord[]
  /** Changes only the given faults. Throws a `RangeError`, and changes nothing, if a value is not allowed. */
  setFaults(faults: Partial<Faults>): void
  /** Restores users, groups, requests, counts and faults to their initial state. */
  reset(): void
  /** Stops listening and ends every connection, including calls in progress. Further calls have no effect. */
  close(): Promise<void>
}

/**
 * Starts a stand-in for Dopt's users API, which keeps users and groups in memory. Rejects with a `RangeError` if the
 * value of a fault is not allowed, or with the error of `listen`, such as `EADDRINUSE`.
 */
export async function startSandbox(options?: SandboxOptions): Promise<Sandbox> {
  const { port, host } = resolveOptions(options)
  const { app, state, faults, log, reset } = buildSandbox(options)
  try {
    await app.listen({ port, host })
  } catch (error) {
    await app.close()
    throw error
  }
  const url = urlOf(app.server.address())
  let closed: Promise<void> | undefined

  return {
    url,
    users: state.users,
    groups: state.groups,
    memberships: state.memberships,
    get stats() {
      return log.stats
    },
    get requests() {
      return log.requests
    },
    setFaults: (changes) => faults.set(changes),
    reset,
    close: () => (closed ??= Promise.resolve(app.close()))
  }
}

/** An address to call: if it listens on every interface, the loopback address. */
function urlOf(address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') throw new Error('the sandbox listens on a TCP port only')
  const host = address.address === '0.0.0.0' ? '127.0.0.1' : address.address === '::' ? '::1' : address.address
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`
}
