import type { Database } from 'better-sqlite3'

/** Batches that are not settled, when nothing that was planned for them holds any more. To be run inside a transaction. */
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
    /** Those of a sender that has ended wait, and are due now. Returns the ids of all. */
    recover: (now: number): number[] => {
      recover.run(now)
      return ids.all()
    },
    /** Those that wait are due now. */
    makeDue: (now: number): void => void makeDue.run({ now })
  }
}
