/** One call to the API, as `GET /__sandbox/requests` shows it. Never contains the key or a property value. */
export interface RequestRecord {
  readonly method: string
  /** As sent, percent-encoded; without the query. */
  readonly path: string
  /** The status answered; 0 if the connection was cut on purpose. */
  readonly status: number
  /** Identifiers of the users in the call, as far as it could be read. */
  readonly identifiers: readonly string[]
  /** Identifiers of the groups in the call, including those of its users. */
  readonly groups: readonly string[]
  /** When it arrived, ISO 8601. */
  readonly time: string
  /** From arrival until the answer was ready to be sent, in ms. */
  readonly durationMs: number
}

export interface SandboxStats {
  /** Calls to the API, whatever the answer; requests under `/__sandbox` are not counted. */
  readonly calls: number
  /** Users in successful calls. */
  readonly users: number
  /** Calls by status; cut connections count as `0`. */
  readonly byStatus: Readonly<Record<string, number>>
  /** Most users in one call, including refused calls. */
  readonly maxBatch: number
}

/** What is known about a call while it is being answered. */
export interface Arrival {
  readonly method: string
  readonly path: string
  readonly arrivedAtMs: number
  /** Filled in while the body is read, so that refused calls also show their users. */
  readonly identifiers: string[]
  readonly groups: string[]
  /** Number of entries in the call, whether or not they could be read. */
  size: number
}

const KEPT = 1000

/** A ring buffer of the last calls, and running totals: constant memory. */
export class CallLog {
  #ring: { arrival: Arrival; status: number; durationMs: number }[] = []
  #next = 0
  #calls = 0
  #users = 0
  #maxBatch = 0
  #byStatus = new Map<number, number>()

  arrive(method: string, url: string): Arrival {
    const query = url.indexOf('?')
    const path = query === -1 ? url : url.slice(0, query)
    return { method, path, arrivedAtMs: Date.now(), identifiers: [], groups: [], size: 0 }
  }

  settle(arrival: Arrival, status: number): void {
    this.#ring[this.#next] = { arrival, status, durationMs: Date.now() - arrival.arrivedAtMs }
    this.#next = (this.#next + 1) % KEPT
    this.#calls += 1
    this.#byStatus.set(status, (this.#byStatus.get(status) ?? 0) + 1)
    if (arrival.size > this.#maxBatch) this.#maxBatch = arrival.size
    if (status >= 200 && status < 300) this.#users += arrival.size
  }

  /** Oldest first. */
  get requests(): readonly RequestRecord[] {
    const oldest = this.#ring.length < KEPT ? 0 : this.#next
    return [...this.#ring.slice(oldest), ...this.#ring.slice(0, oldest)].map(({ arrival, status, durationMs }) => ({
      method: arrival.method,
      path: arrival.path,
      status,
      identifiers: arrival.identifiers,
      groups: arrival.groups,
      time: new Date(arrival.arrivedAtMs).toISOString(),
      durationMs
    }))
  }

  get stats(): SandboxStats {
    return {
      calls: this.#calls,
      users: this.#users,
      byStatus: Object.fromEntries(this.#byStatus),
      maxBatch: this.#maxBatch
    }
  }

  clear(): void {
    this.#ring = []
    this.#next = 0
    this.#calls = 0
    this.#users = 0
    this.#maxBatch = 0
    this.#byStatus.clear()
  }
}
