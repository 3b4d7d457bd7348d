import type { Database } from 'better-sqlite3'
import type { BusyUsers } from './busy-users.js'
import type { Subject } from './store.js'

/** Rows read per step of the search. */
const PAGE_ROWS = 300

/** Below the first key of each kind, and above its last. */
const BOUNDS: Readonly<Record<Subject, { before: number; end: number }>> = {
  user: { before: -1, end: Number.MAX_SAFE_INTEGER },
  group: { before: Number.MIN_SAFE_INTEGER, end: 0 }
}

/**
 * Chooses the next users, or groups, to send. The search cycles through the keys with pending events, and each batch
 * continues where the one before ended: every user gets a turn within one round, and the users of a batch are adjacent
 * in the ledger. (Ordered by oldest event instead, each batch would touch a hundred pages all over the ledger.)
 *
 * Users with events on a damaged page are left out, so that they do not block the others.
 */
export class PendingUsers {
  readonly #rowsAfter
  readonly #unreadable = new Set<number>()
  readonly #bounds
  #position: number

  constructor(db: Database, subject: Subject) {
    this.#bounds = BOUNDS[subject]
    this.#position = this.#bounds.before
    // Limits rows, not users: a user with a million rows must not be read through for each batch.
    this.#rowsAfter = db
      .prepare<[number, number, number], [userKey: number, seq: number]>(
        `select user_key, seq from ledger where batched = 0 and user_key > ? and user_key < ?
         order by user_key limit ?`
      )
      .raw()
  }

  /** The next users that are not busy, at most `maxUsers`, and the lowest seq among the events that were read. */
  next(maxUsers: number, busy: BusyUsers): { userKeys: Set<number>; oldestSeq: number | undefined } {
    const { before, end } = this.#bounds
    const userKeys = new Set<number>()
    let oldestSeq: number | undefined
    let after = this.#position
    let isSecondLap = false
    for (;;) {
      const page = this.#rowsAfter.all(after, end, PAGE_ROWS)
      for (const [userKey, seq] of page) {
        if (isSecondLap && userKey > this.#position) return { userKeys, oldestSeq }
        after = userKey
        if (busy.has(userKey) || this.#unreadable.has(userKey)) continue
        if (userKeys.size >= maxUsers && !userKeys.has(userKey)) return { userKeys, oldestSeq }
        userKeys.add(userKey)
        if (oldestSeq === undefined || seq < oldestSeq) oldestSeq = seq
      }
      if (page.length === PAGE_ROWS) continue
      if (isSecondLap || this.#position === before) return { userKeys, oldestSeq }
      isSecondLap = true
      after = before
    }
  }

  /** The next search begins after this user. */
  passed(userKey: number): void {
    this.#position = userKey
  }

  /** Marks a user whose events could not be read. Nothing more can be written in the same transaction. */
  leaveOut(userKey: number): void {
    this.#unreadable.add(userKey)
  }

  /** Tries the users that were left out again. */
  readAgain(): void {
    this.#unreadable.clear()
  }

  /** How many users are left out. */
  get leftOut(): number {
    return this.#unreadable.size
  }
}
