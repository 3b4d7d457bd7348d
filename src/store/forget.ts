import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from 'better-sqlite3'
import { COUNTERS, prepareCount } from './counters.js'
import { asStoreError, StoreError } from './errors.js'
import { textKey } from './keys.js'
import { parseProperties } from './plan-users.js'
import type { ForgetCount } from './store.js'
import { prepareUserHistory } from './user-history.js'

/** Shorter texts occur in words that have nothing to do with the user. */
const SHORTEST_TELLING_TEXT = 3
const SCRUB_TIMEOUT_MS = 30_000
const SCRUB_POLL_MS = 50

interface StoredEvent {
  batched: number
  eventTime: number
  seq: number
  batchId: number | null
  properties: string
}

/** Removes a user's events, history and rejections, and Dopt's words that repeat any of it. To be run inside a transaction. */
export function prepareForget(db: Database): (identifier: string) => ForgetCount {
  const eventsOf = db.prepare<[number, string], StoredEvent>(
    `select l.batched, l.event_time as eventTime, l.seq, l.batch_id as batchId, e.properties
     from ledger l join events e on e.seq = l.seq
     where l.batched in (0, 1) and l.user_key = ? and e.identifier = ?`
  )
  const deleteEvent = db.prepare<[number]>('delete from events where seq = ?')
  const deleteLedger = db.prepare<[number, number, number, number]>(
    'delete from ledger where batched = ? and user_key = ? and event_time = ? and seq = ?'
  )
  const recount = db.prepare<[{ id: number }]>(
    `update batches set
       events = (select count(*) from ledger where batch_id = @id),
       superseded = (select count(superseded_by) from ledger where batch_id = @id),
       users = (select count(distinct user_key) from ledger where batch_id = @id)
     where id = @id`
  )
  const silenceBatches = db.prepare<[string]>('update batches set last_error = null where instr(last_error, ?) > 0')
  const silenceAttempts = db.prepare<[string]>('update attempts set error = null where instr(error, ?) > 0')
  const silenceFacts = db.prepare<[string]>("delete from facts where name = 'endpoint' and instr(value, ?) > 0")
  const rejections = db.prepare<[string], { id: number; raw: string }>(
    'select id, raw from rejected where instr(raw, ?) > 0'
  )
  const deleteRejection = db.prepare<[number]>('delete from rejected where id = ?')
  const history = prepareUserHistory(db)
  const count = prepareCount(db)

  function forgetRejections(identifier: string): number {
    const text = JSON.stringify(identifier)
    const found = rejections
      .all(text.slice(1, -1))
      .filter(({ raw }) => raw.includes(text) || namesUser(raw, identifier))
    for (const { id } of found) deleteRejection.run(id)
    return found.length
  }

  return (identifier) => {
    const userKey = textKey(identifier)
    const events = eventsOf.all(userKey, identifier)
    const texts = new Set([identifier])
    const batchIds = new Set<number>()
    for (const { batched, eventTime, seq, batchId, properties } of events) {
      for (const value of Object.values(parseProperties(properties))) if (typeof value === 'string') texts.add(value)
      if (batchId !== null) batchIds.add(batchId)
      deleteEvent.run(seq)
      deleteLedger.run(batched, userKey, eventTime, seq)
    }
    for (const id of batchIds) recount.run({ id })
    for (const text of texts) {
      if (text.length < SHORTEST_TELLING_TEXT) continue
      silenceBatches.run(text)
      silenceAttempts.run(text)
      silenceFacts.run(text)
    }
    history.forget(identifier)
    count(COUNTERS.removed, events.length)
    return { events: events.length, rejections: forgetRejections(identifier) }
  }
}

/** Whether a rejected event, or what is left of one, is of this user though its id is not a text in it. */
function namesUser(raw: string, identifier: string): boolean {
  try {
    const event: unknown = JSON.parse(raw)
    if (typeof event !== 'object' || event === null) return false
    return ['userId', 'anonymousId'].some((name) => String(Reflect.get(event, name)) === identifier)
  } catch {
    return identifier.length >= SHORTEST_TELLING_TEXT
  }
}

/**
 * Rewrites the database and empties its WAL. Deleting alone leaves the bytes in free pages, in the slack of pages whose
 * cells were moved, and in the WAL.
 */
export async function scrub(db: Database, file: string): Promise<void> {
  const startedAt = Date.now()
  for (;;) {
    try {
      db.exec('vacuum')
      const [result] = db.pragma('wal_checkpoint(truncate)') as Array<{ busy: number }>
      if (result?.busy === 0) return
    } catch (error) {
      const known = asStoreError(error, file)
      if (!(known instanceof StoreError && known.code === 'busy')) throw known
    }
    if (Date.now() - startedAt > SCRUB_TIMEOUT_MS) {
      throw new StoreError(
        'busy',
        `the events are removed, but another program keeps ${file} from being rewritten: stop it and run this again`
      )
    }
    await delay(SCRUB_POLL_MS)
  }
}
