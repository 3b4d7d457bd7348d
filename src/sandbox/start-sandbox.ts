import type { AddressInfo } from 'node:net'
import { buildSandbox } from './build-sandbox.js'
import type { RequestRecord, SandboxStats } from './call-log.js'
import type { Faults } from './faults.js'
import { resolveOptions } from './options.js'
import type { SandboxOptions } from './options.js'
import type { Properties } from './state.js'

export interface Sandbox {
  /** Where it listens, as `http://127.0.0.1:8788`, without a slash at the end. */
  readonly url: string
  /** Identifier → properties; live. */
  readonly users: ReadonlyMap<string, Properties>
  /** Identifier → properties; live. */
  readonly groups: ReadonlyMap<string, Properties>
  /** User → the groups that calls have put the user into; live. */
  readonly memberships: ReadonlyMap<string, ReadonlySet<string>>
  readonly stats: SandboxStats
  /** The last 1,000 calls, oldest first. */
  readonly requests: readonly RequestRecord[]
  /** What is not named stays. Throws a `RangeError`, and changes nothing, when a value is not allowed. */
  setFaults(faults: Partial<Faults>): void
  /** Users, groups, requests, counts and faults back to how they were at the start. */
  reset(): void
  /** Stops listening and ends every connection, calls under way included. A second call does nothing more. */
  close(): Promise<void>
}

/**
 * Starts a stand-in for Dopt's users API, which keeps what it is sent in memory.
 * Throws a `RangeError` for a fault that is not allowed, and what `listen` throws, as `EADDRINUSE`.
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

/** An address that can be called: "every interface" is reached through the loopback one. */
function urlOf(address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') throw new Error('the sandbox listens on a TCP port only')
  const host = address.address === '0.0.0.0' ? '127.0.0.1' : address.address === '::' ? '::1' : address.address
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`
}
