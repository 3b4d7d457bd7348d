import type { GroupEntry, UserEntry } from '../../src/destination/index.js'
import { sleep, type Clock } from '../../src/delivery/clock.js'
import type { CallResult } from '../../src/dopt/call-result.js'
import type { DoptClient } from '../../src/dopt/client.js'

export interface FakeCall {
  at: number
  identifiers: string[]
  result: CallResult
}

type Answer = (users: readonly UserEntry[], callNumber: number) => Partial<CallResult>

export const DELIVERED: Partial<CallResult> = { outcome: 'delivered', status: 200 }

/** An honest second implementation of the client: holds users as Dopt would, and fails as it is told. */
export class FakeDopt implements DoptClient {
  readonly users = new Map<string, Record<string, unknown>>()
  readonly groups = new Map<string, Record<string, unknown>>()
  readonly memberships = new Set<string>()
  readonly calls: FakeCall[] = []
  /** Most calls that were in flight together. */
  mostInFlight = 0
  /** Users that were in two calls at the same time; law 4 says none. */
  readonly collisions: string[] = []
  keyChecks = 0
  latencyMs = 0
  answer: Answer = () => DELIVERED
  answerGroup: (group: GroupEntry, callNumber: number) => Partial<CallResult> = () => DELIVERED
  answerKeyCheck: () => Partial<CallResult> = () => DELIVERED
  #inFlight = 0
  readonly #usersInFlight = new Set<string>()

  constructor(private readonly clock: Clock) {}

  async identifyMany(users: readonly UserEntry[], signal?: AbortSignal): Promise<CallResult> {
    const at = this.clock.now()
    this.#inFlight++
    this.mostInFlight = Math.max(this.mostInFlight, this.#inFlight)
    for (const { identifier } of users) {
      if (this.#usersInFlight.has(identifier)) this.collisions.push(identifier)
      this.#usersInFlight.add(identifier)
    }
    if (this.latencyMs > 0) await sleep(this.clock, this.latencyMs, signal)
    for (const { identifier } of users) this.#usersInFlight.delete(identifier)
    this.#inFlight--
    const result = signal?.aborted
      ? complete({ outcome: 'retry', code: 'aborted' })
      : complete(this.answer(users, this.calls.length + 1))
    this.calls.push({ at, identifiers: users.map(({ identifier }) => identifier), result })
    if (result.outcome === 'delivered') this.#upsert(users)
    return result
  }

  async identifyGroup(group: GroupEntry, signal?: AbortSignal): Promise<CallResult> {
    const at = this.clock.now()
    const name = `group ${group.identifier}`
    if (this.#usersInFlight.has(name)) this.collisions.push(name)
    this.#usersInFlight.add(name)
    if (this.latencyMs > 0) await sleep(this.clock, this.latencyMs, signal)
    this.#usersInFlight.delete(name)
    const result = signal?.aborted
      ? complete({ outcome: 'retry', code: 'aborted' })
      : complete(this.answerGroup(group, this.calls.length + 1))
    this.calls.push({ at, identifiers: [name], result })
    if (result.outcome === 'delivered') upsert(this.groups, group)
    return result
  }

  async checkKey(): Promise<CallResult> {
    this.keyChecks++
    return complete(this.answerKeyCheck())
  }

  close(): void {
    // Nothing is held open.
  }

  #upsert(users: readonly UserEntry[]): void {
    for (const user of users) {
      upsert(this.users, user)
      for (const group of user.groups ?? []) {
        upsert(this.groups, group)
        this.memberships.add(`${user.identifier} in ${group.identifier}`)
      }
    }
  }
}

function upsert(held: Map<string, Record<string, unknown>>, { identifier, properties }: GroupEntry): void {
  held.set(identifier, { ...held.get(identifier), ...(JSON.parse(properties) as object) })
}

function complete(result: Partial<CallResult>): CallResult {
  return {
    outcome: 'retry',
    status: undefined,
    code: undefined,
    message: undefined,
    retryAfterMs: undefined,
    durationMs: 0,
    ...result
  }
}
