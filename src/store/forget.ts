import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from 'better-sqlite3'
import { FORGOTTEN_CODE } from './batch-rows.js'
import { COUNTERS, prepareCount } from './counters.js'
import { asStoreError, StoreError } from './errors.js'
import { subjectKey } from './keys.js'
import { prepareCompletion } from './message-table.js'
import { parseProperties } from './plan-users.js'
import type { ForgetCount, Subject } from './store.js'
import { prepareHistory } from './user-history.js'

/** Shorter texts occur in messages that have nothing to do with the user. */
const SHORTEST_TELLING_TEXT = 3
const SCRUB_TIMEOUT_MS = 30_000
const SCRUB_POLL_MS = 50

/** A part of an event. Its place in the ledger is null while it waits for its turn. */
interface StoredPart {
  userKey: number
  identifier: string
  eventTime: number
  seq: number
  properties: string
  batched: number | null
  batchId: number | null
  movedOn: number | null
  /** Whether Dopt has, or may have, its values. */
  mayBeHeld: number
}

/**
 * Removes the events, history and rejections of a user or group, and Dopt's errors about calls that included it or that
 * repeat its values. Events are removed whole, with their parts for others. To be run inside a transaction.
 */
export function prepareForget(db: Database): (identifier: string, subject: Subject) => ForgetCount {
  const messagesOf = db.prepare<{ userKey: number; identifier: string }, { messageKey: number; messageId: string }>(
    `select distinct e.message_key as messageKey, e.message_id as messageId from events e
     where e.identifier = @identifier and e.user_key = @userKey and e.seq in (
       select seq from ledger where batched in (0, 1) and user_key = @userKey
       union all select seq from waiting_parts where user_key = @userKey)`
  )
  const partsOf = db.prepare<[number, string], StoredPart>(
    `select e.user_key as userKey, e.identifier, e.event_time as eventTime, e.seq, e.properties,
       l.batched, l.batch_id as batchId, l.moved_on as movedOn,
       coalesce(b.state = 'sending' or b.state = 'delivered' and l.superseded_by is null, 0)
         or coalesce(b.uncertain, 0) or coalesce(l.uncertain, 0) as mayBeHeld
     from events e
       left join ledger l on l.batched in (0, 1)
         and l.user_key = e.user_key and l.event_time = e.event_time and l.seq = e.seq
       left join batches b on b.id = l.batch_id
     where e.seq in (select seq from message_index where message_key = ?) and e.message_id = ?`
  )
  const completeIndex = prepareCompletion(db)
  const deleteEvent = db.prepare<[number]>('delete from events where seq = ?')
  const deleteLedger = db.prepare<[number, number, number, number]>(
    'delete from ledger where batched = ? and user_key = ? and event_time = ? and seq = ?'
  )
  const deleteWaiting = db.prepare<[number]>('delete from waiting_parts where seq = ?')
  const recount = db.prepare<[{ id: number }]>(
    `update batches set
       events = (select count(*) from ledger where batch_id = @id and moved_on = 0),
       superseded = (select count(superseded_by) from ledger where batch_id = @id and moved_on = 0),
       users = (select count(distinct user_key) from ledger where batch_id = @id)
     where id = @id`
  )
  // Errors about calls that included the user or group, however Dopt spelled its values; and about the batches these
  // came from.
  const callsOf = `with recursive calls (id) as (
      select @id union select b.parent_id from batches b join calls c on c.id = b.id where b.parent_id is not null)`
  const telling = (column: string) => `case when ${column} glob '*[^A-Za-z0-9_.-]*' then null else ${column} end`
  const silenceCalls = db.prepare<[{ id: number }]>(
    `${callsOf} update batches set last_error = null, last_code = ${telling('last_code')} where id in calls`
  )
  const silenceAttemptsOf = db.prepare<[{ id: number }]>(
    `${callsOf} update attempts set error = null, code = ${telling('code')} where batch_id in calls`
  )
  const markSending = db.prepare<[string, number]>(
    "update batches set last_code = ? where id = ? and state = 'sending'"
  )
  const silenceBatches = db.prepare<[string]>('update batches set last_error = null where instr(last_error, ?) > 0')
  const silenceAttempts = db.prepare<[string]>('update attempts set error = null where instr(error, ?) > 0')
  const silenceFacts = db.prepare<[string]>("delete from facts where name = 'endpoint' and instr(value, ?) > 0")
  const rejections = db.prepare<[string], { id: number; raw: string }>(
    'select id, raw from rejected where instr(raw, ?) > 0'
  )
  const deleteRejection = db.prepare<[number]>('delete from rejected where id = ?')
  const history = prepareHistory(db)
  const count = prepareCount(db)

  function remove({ userKey, eventTime, seq, batched }: StoredPart): void {
    deleteEvent.run(seq)
    if (batched === null) deleteWaiting.run(seq)
    else deleteLedger.run(batched, userKey, eventTime, seq)
  }

  function forgetRejections(identifier: string, subject: Subject): number {
    const text = JSON.stringify(identifier)
    const ids = new Set<number>()
    for (const written of new Set([text.slice(1, -1), asNumber(identifier)])) {
      for (const { id, raw } of rejections.all(written)) {
        if (raw.includes(text) || namesSubject(raw, identifier, subject)) ids.add(id)
      }
    }
    for (const id of ids) deleteRejection.run(id)
    return ids.size
  }

  return (identifier, subject) => {
    const userKey = subjectKey(subject, identifier)
    completeIndex()
    const messages = messagesOf.all({ userKey, identifier })
    const texts = new Set([identifier])
    const batchIds = new Set<number>()
    let events = 0
    for (const { messageKey, messageId } of messages) {
      for (const part of partsOf.all(messageKey, messageId)) {
        const isOwn = part.userKey === userKey && part.identifier === identifier
        const properties = Object.entries(parseProperties(part.properties))
        if (isOwn) for (const [, value] of properties) for (const text of textsOf(value)) texts.add(text)
        // Values of others that Dopt has must still supersede older ones.
        if (!isOwn && part.mayBeHeld === 1) {
          const { seq, eventTime } = part
          history.add(part.userKey, part.identifier, [{ seq, eventTime, names: properties.map(([name]) => name) }])
        }
        if (part.batchId !== null) batchIds.add(part.batchId)
        if (part.movedOn === 0) events++
        remove(part)
      }
    }
    for (const id of batchIds) {
      recount.run({ id })
      silenceCalls.run({ id })
      silenceAttemptsOf.run({ id })
      markSending.run(FORGOTTEN_CODE, id)
    }
    for (const text of texts) {
      if (text.length < SHORTEST_TELLING_TEXT) continue
      silenceBatches.run(text)
      silenceAttempts.run(text)
      silenceFacts.run(text)
    }
    history.forget(userKey, identifier)
    count(COUNTERS.removed, events)
    return { events, rejections: forgetRejections(identifier, subject) }
  }
}

/** As Dopt's errors, which are stored as one line, may repeat it. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'number') return [String(value)]
  return typeof value === 'string' ? [value, value.replace(/\s+/g, ' ').trim()] : []
}

const NAMES: Readonly<Record<Subject, readonly string[]>> = { user: ['userId', 'anonymousId'], group: ['groupId'] }

/** Whether a rejected event, or a part of one, belongs to this user or group although its id is not a string in it. */
function namesSubject(raw: string, identifier: string, subject: Subject): boolean {
  try {
    const event: unknown = JSON.parse(raw)
    if (typeof event !== 'object' || event === null) return false
    return NAMES[subject].some((name) => isId(Reflect.get(event, name), identifier))
  } catch {
    return identifier.length >= SHORTEST_TELLING_TEXT
  }
}

/** An id that is too large a number is why an event is rejected, and then kept as rounded by JSON.parse. */
function isId(value: unknown, identifier: string): boolean {
  return String(value) === identifier || (typeof value === 'number' && String(value) === asNumber(identifier))
}

/** An id as it is written where it is a number. */
function asNumber(identifier: string): string {
  return /^-?\d{16,}$/.test(identifier) ? String(Number(identifier)) : identifier
}

/**
 * Rewrites the database and empties its WAL. Deleting alone leaves the data in free pages, in unused parts of other
 * pages, and in the WAL.
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
