import type { Database } from 'better-sqlite3'

/**
 * Undoes the taking of a batch that was in no call since: a new one's events are pending again, as if it had never been
 * formed; one that had waited waits on, due now. Returns whether nobody is busy with it any more. To be run inside a transaction.
 */
export function prepareGiveBack(db: Database): (batchId: number, now: number) => boolean {
  const isNew = db
    .prepare<[number], number>(
      `select 1 from batches where id = ? and state = 'sending' and attempts = 0 and uncertain = 0
         and parent_id is null and last_attempt_at is null`
    )
    .pluck()
  const release = db.prepare<[number]>(
    'update ledger set batched = 0, batch_id = null, superseded_by = null where batched = 1 and batch_id = ?'
  )
  const remove = db.prepare<[number]>('delete from batches where id = ?')
  const wait = db.prepare<[number, number]>(
    "update batches set state = 'retrying', next_attempt_at = ? where id = ? and state = 'sending'"
  )

  return (batchId, now) => {
    if (isNew.get(batchId) === undefined) {
      wait.run(now, batchId)
      return false
    }
    release.run(batchId)
    remove.run(batchId)
    return true
  }
}
