import type { Database } from 'better-sqlite3'
import type { Facts } from './facts.js'
import type { EndpointRecord } from './store.js'

/** Saves the endpoint's health. To be run inside a transaction. */
export function prepareSaveEndpoint(db: Database, facts: Facts): (record: EndpointRecord) => void {
  const makeYounger = db.prepare<[{ from: number; to: number }]>(
    `update batches indexed by batches_waiting set created_at = min(@to, created_at + @to - @from)
     where state = 'retrying' and created_at < @to`
  )

  return (record) => {
    const before = facts.read<EndpointRecord>('endpoint')
    facts.save('endpoint', record)
    // A refused key costs a batch neither attempts nor retry time, even if the right key comes with a restart.
    const isOver = before?.state === 'key-refused' && record.state !== 'key-refused'
    if (isOver && record.since > before.since) makeYounger.run({ from: before.since, to: record.since })
  }
}
