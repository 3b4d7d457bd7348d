import type { Database } from 'better-sqlite3'
import type { BusyUsers } from './busy-users.js'
import type { Subject } from './store.js'

/** Rows looked at in one step of the search. */
const PAGE_ROWS = 300

/** Below the first key of each kind, and above its last. */
const BOUNDS: Readonly<Record<Subject, { before: number; end: number }>> = {
  user: { before: -1, end: Number.MAX_SAFE_INTEGER },
  group: { before: Number.MIN_SAFE_INTEGER, end: 0 }
}

/**
 * Whose turn it is among the users, or among the groups. The search goes round through the keys of the users who have
 * pending events, and each batch begins where the one before it ended: everybody's turn comes within one round, and the
 * users of a batch stand next to each other in the ledger. (Going by the oldest event instead, each batch would touch a hundred pages all over the ledger.)
 *
 * Users whose events lie on a damaged page are left out, so that they stop nobody else.
 */
export class PendingUsers {
  readonly #rowsAfter
  readonly #unreadable = new Set<number>()
  readonly #bounds
  #position: number

  constructor(db: Database, subject: Subject) {
    this.#bounds = BOUNDS[subject]
    this.#position = this.#bounds.before
    // Rows, not users: who has a million of them must not be read through for each batch.
    this.#rowsAfter = db
      .prepare<[number, number, number], [userKey: number, seq: number]>(
        `select user_key, seq from ledger where batched = 0 and user_key > ? and user_key < ?
         order by user_key limit ?`
      )
      .raw()
  }

  /** The next users who are not busy, at most `maxUsers`, and the first arrival among the events that were looked at. */
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

  /** The next search begins behind this user. */
  passed(userKey: number): void {
    this.#position = userKey
  }

  /** This user's events could not be read. Nothing more can be written in the same transaction. */
  leaveOut(userKey: number): void {
    this.#unreadable.add(userKey)
  }

  /** Those who were left out have another chance. */
  readAgain(): void {
    this.#unreadable.clear()
  }

  /** How many users are left out. */
  get leftOut(): number {
    return this.#unreadable.size
  }
}
