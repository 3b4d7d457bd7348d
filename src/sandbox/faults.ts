import { hash, timingSafeEqual } from 'node:crypto'
import { checkFaults } from './fault-rules.js'

/** What goes wrong on demand. `SandboxOptions` says what each one does. */
export interface Faults {
  apiKey: string
  latencyMs: number
  /** 0 to 1. */
  failRate: number
  failStatus: number
  /** Seconds; null sends no `Retry-After`. */
  retryAfterS: number | null
  rejectUsers: readonly string[]
  rejectGroups: readonly string[]
  strictProperties: boolean
  /** 0 to 1. */
  dropRate: number
  countOffset: number
}

/** What chance has in store for one call. */
export type Fate = 'answer' | 'fail' | 'drop-before' | 'drop-after'

/** The faults in force, and what they need to be looked up quickly. */
export class FaultBoard {
  readonly #initial: Faults
  readonly #random: () => number
  #current: Faults
  #keyDigest: Buffer
  #rejected: ReadonlySet<string>
  #rejectedGroups: ReadonlySet<string>

  /** Throws a `RangeError` when a fault is not what `fault-rules.ts` allows. */
  constructor(initial: Faults, random: () => number) {
    checkFaults(initial)
    this.#random = random
    this.#initial = { ...initial, rejectUsers: [...initial.rejectUsers], rejectGroups: [...initial.rejectGroups] }
    this.#current = this.#initial
    this.#keyDigest = digest(initial.apiKey)
    this.#rejected = new Set(initial.rejectUsers)
    this.#rejectedGroups = new Set(initial.rejectGroups)
  }

  get current(): Readonly<Faults> {
    return this.#current
  }

  /** What is not named stays. Throws a `RangeError`, and changes nothing, when a value is not allowed. */
  set(faults: Partial<Faults>): void {
    checkFaults(faults)
    this.#current = { ...this.#current, ...faults }
    this.#keyDigest = digest(this.#current.apiKey)
    this.#rejected = new Set(this.#current.rejectUsers)
    this.#rejectedGroups = new Set(this.#current.rejectGroups)
  }

  reset(): void {
    this.set(this.#initial)
  }

  /** Digests have one length, so the comparison takes the same time whatever was sent. */
  acceptsKey(key: unknown): boolean {
    return typeof key === 'string' && timingSafeEqual(digest(key), this.#keyDigest)
  }

  rejects(users: readonly string[], groups: readonly string[]): boolean {
    return namesAny(this.#rejected, users) || namesAny(this.#rejectedGroups, groups)
  }

  /** Draws only where a rate is set: an injected source of chance is used up predictably. */
  fate(): Fate {
    const { dropRate, failRate } = this.#current
    if (dropRate > 0 && this.#random() < dropRate) return this.#random() < 0.5 ? 'drop-before' : 'drop-after'
    return failRate > 0 && this.#random() < failRate ? 'fail' : 'answer'
  }
}

function namesAny(rejected: ReadonlySet<string>, identifiers: readonly string[]): boolean {
  return rejected.size > 0 && identifiers.some((identifier) => rejected.has(identifier))
}

function digest(key: string): Buffer {
  return hash('sha256', key, 'buffer')
}
