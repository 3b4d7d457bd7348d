import type { Database } from 'better-sqlite3'
import type { BusyUsers } from './busy-users.js'

/** Rows looked at in one step of the search. */
const PAGE_ROWS = 300

interface PendingRow {
  userKey: number
  seq: number
}

/**
 * Whose turn it is. The search goes round through the keys of the users who have pending events, and each batch begins
 * where the one before it ended: everybody's turn comes within one round, and the users of a batch stand next to each
 * other in the ledger. (Going by the oldest event instead, each batch would touch a hundred pages all over the ledger.)
 */
export function preparePendingUsers(db: Database) {
  const rowsAfter = db.prepare<[number, number], PendingRow>(
    'select user_key as userKey, seq from ledger where batched = 0 and user_key > ? order by user_key limit ?'
  )
  let position = -1

  return {
    /** The next users who are not busy, at most `maxUsers`, and the first arrival among the events that were looked at. */
    next(maxUsers: number, busy: BusyUsers): { userKeys: Set<number>; oldestSeq: number | undefined } {
      const userKeys = new Set<number>()
      let oldestSeq: number | undefined
      let after = position
      let isSecondLap = false
      for (;;) {
        const page = rowsAfter.all(after, PAGE_ROWS)
        for (const { userKey, seq } of page) {
          if (isSecondLap && userKey > position) return { userKeys, oldestSeq }
          after = userKey
          if (busy.has(userKey)) continue
          if (userKeys.size >= maxUsers && !userKeys.has(userKey)) return { userKeys, oldestSeq }
          userKeys.add(userKey)
          if (oldestSeq === undefined || seq < oldestSeq) oldestSeq = seq
        }
        if (page.length === PAGE_ROWS) continue
        if (isSecondLap || position < 0) return { userKeys, oldestSeq }
        isSecondLap = true
        after = -1
      }
    },
    /** The next search begins behind this user. */
    passed(userKey: number): void {
      position = userKey
    }
  }
}
