import type { Database } from 'better-sqlite3'

/** Resets the plans of batches that are not settled. To be run inside a transaction. */
export function prepareOpenBatches(db: Database) {
  const recover = db.prepare<[number]>(
    `update batches set uncertain = max(uncertain, state = 'sending'), state = 'retrying', next_attempt_at = ?
     where state in ('sending', 'retrying')`
  )
  const ids = db.prepare<[], number>("select id from batches where state in ('sending', 'retrying')").pluck()
  const makeDue = db.prepare<[{ now: number }]>(
    `update batches indexed by batches_waiting set next_attempt_at = @now
     where state = 'retrying' and next_attempt_at > @now`
  )

  return {
    /** Batches of a sender that has ended are waiting, and due now. Returns the ids of all open batches. */
    recover: (now: number): number[] => {
      recover.run(now)
      return ids.all()
    },
    /** Makes waiting batches due now. */
    makeDue: (now: number): void => void makeDue.run({ now })
  }
}
