import { hash, timingSafeEqual } from 'node:crypto'
import { checkFaults } from './fault-rules.js'

/** Faults on demand. See `SandboxOptions` for what each one does. */
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

/** The random outcome of one call. */
export type Fate = 'answer' | 'fail' | 'drop-before' | 'drop-after'

/** The current faults, in a form for quick look-up. */
export class FaultBoard {
  readonly #initial: Faults
  readonly #random: () => number
  #current: Faults
  #keyDigest: Buffer
  #rejected: ReadonlySet<string>
  #rejectedGroups: ReadonlySet<string>

  /** Throws a `RangeError` if a fault is not allowed by `fault-rules.ts`. */
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

  /** Changes only the given faults. Throws a `RangeError`, and changes nothing, if a value is not allowed. */
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

  /** Digests have the same length, so the comparison always takes the same time. */
  acceptsKey(key: unknown): boolean {
    return typeof key === 'string' && timingSafeEqual(digest(key), this.#keyDigest)
  }

  rejects(users: readonly string[], groups: readonly string[]): boolean {
    return namesAny(this.#rejected, users) || namesAny(this.#rejectedGroups, groups)
  }

  /** Draws a random number only if a rate is set, so that an injected source is used predictably. */
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
