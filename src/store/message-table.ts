import type { Database } from 'better-sqlite3'
import { isDamage } from './errors.js'
import { textKey } from './keys.js'

/** What any process can do with the message index on disk; see message-index.ts for how it is written. */

interface Row {
  messageKey: number
  seq: number
}

/**
 * The sequence numbers, in order, of what may be a message's events (the caller compares the text), whether or not the
 * table on disk has them.
 */
export function prepareSeqsOfMessage(db: Database): (messageId: string) => number[] {
  const indexed = db.prepare<[number], number>('select seq from message_index where message_key = ?').pluck()
  const reach = db.prepare<[], number>('select seq from message_index_reach').pluck()
  const behind = db
    .prepare<[number, number], number>('select seq from events where seq > ? and message_key = ?')
    .pluck()

  function seqsBehind(last: number, key: number): number[] {
    try {
      return behind.all(last, key)
    } catch (error) {
      if (!isDamage(error)) throw error
      return [...readableBehind(db, last)].filter(({ messageKey }) => messageKey === key).map(({ seq }) => seq)
    }
  }

  return (messageId) => {
    const key = textKey(messageId)
    const seqs = new Set([...indexed.all(key), ...seqsBehind(reach.get() ?? 0, key)])
    return [...seqs].sort((one, other) => one - other)
  }
}

/** Writes the events that the table on disk lacks. To be run inside a transaction. */
export function prepareCompletion(db: Database): () => void {
  const write = db.prepare(
    `insert or ignore into message_index (message_key, seq)
     select message_key, seq from events where seq > (select seq from message_index_reach) order by message_key, seq`
  )
  const extendReach = db.prepare(
    'update message_index_reach set seq = max(seq, (select coalesce(max(seq), 0) from events))'
  )
  return () => {
    write.run()
    extendReach.run()
  }
}

/** The events after this one, without those on damaged pages. */
export function* readableBehind(db: Database, last: number): Generator<Row> {
  const newest = db.prepare<[], number | null>('select max(seq) from events').pluck().get() ?? 0
  const event = db.prepare<[number], Row>('select message_key as messageKey, seq from events where seq = ?')
  for (let seq = last + 1; seq <= newest; seq++) {
    try {
      const row = event.get(seq)
      if (row !== undefined) yield row
    } catch (error) {
      if (!isDamage(error)) throw error
    }
  }
}
