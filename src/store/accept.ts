import { createHash } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import { COUNTERS, IGNORED_PREFIX, prepareCount } from './counters.js'
import { subjectKey, textKey } from './keys.js'
import { toStored } from './memberships.js'
import type { MessageIndex } from './message-index.js'
import type { AcceptReceipt, Intake, NewEvent, NewPart, NewRejection, SeqRange } from './store.js'

/** Writes what came in. To be run inside a transaction. */
export function prepareAccept(db: Database, messages: MessageIndex): (intake: Intake, now: number) => AcceptReceipt {
  const insertEvent = db.prepare<[number, number, number, number, string, string, string]>(
    `insert into events (message_key, user_key, event_time, arrived_at, message_id, identifier, properties)
     values (?, ?, ?, ?, ?, ?, ?)`
  )
  const insertLedger = db.prepare<[number, number, number]>(
    'insert into ledger (batched, user_key, event_time, seq) values (0, ?, ?, ?)'
  )
  const insertWaiting = db.prepare<[number, number]>('insert into waiting_parts (seq, user_key) values (?, ?)')
  const insertRejection = db.prepare<[string, string, string, string, number, number]>(
    `insert into rejected (content_key, source, reason, raw, complete, received_at) values (?, ?, ?, ?, ?, ?)
     on conflict (content_key) do nothing`
  )
  const deleteRejection = db.prepare<[number]>('delete from rejected where id = ?')
  const count = prepareCount(db)

  /** Returns the event's first arrival number; undefined for one that was seen before. */
  function storeEvent(event: NewEvent): number | undefined {
    // Half a surrogate pair has no UTF-8 form: the database would turn it into this, and no longer find it by its key.
    const messageId = event.messageId.toWellFormed()
    const messageKey = textKey(messageId)
    if (messages.has(messageKey, messageId)) return undefined
    const userKey = keyOf(event)
    const seq = storePart(event, userKey, event, messageKey, messageId)
    insertLedger.run(userKey, event.eventTime, seq)
    for (const part of event.later ?? []) {
      const partKey = keyOf(part)
      insertWaiting.run(storePart(part, partKey, event, messageKey, messageId), partKey)
    }
    return seq
  }

  function storePart(
    part: NewPart,
    userKey: number,
    { eventTime, arrivedAt }: NewEvent,
    messageKey: number,
    messageId: string
  ): number {
    const { lastInsertRowid } = insertEvent.run(
      ...([messageKey, userKey, eventTime, arrivedAt, messageId] as const),
      ...([part.identifier.toWellFormed(), toStored(part.properties, part.groups)] as const)
    )
    const seq = Number(lastInsertRowid)
    messages.add(messageKey, seq)
    return seq
  }

  function keepRejection(rejection: NewRejection, now: number): void {
    const contentKey = createHash('sha256').update(`${rejection.reason}\0${rejection.raw}`).digest('base64')
    insertRejection.run(contentKey, rejection.source, rejection.reason, rejection.raw, rejection.complete ? 1 : 0, now)
  }

  return (intake, now) => {
    let accepted = 0
    let range: SeqRange | undefined
    messages.catchUp()
    for (const event of intake.events) {
      const seq = storeEvent(event)
      if (seq === undefined) continue
      accepted++
      range = { first: range?.first ?? seq, last: seq + (event.later?.length ?? 0) }
    }
    if (range !== undefined) messages.advance(range)
    // In this order: what is rejected again for the same reason has to be kept again.
    for (const id of intake.replacesRejections ?? []) deleteRejection.run(id)
    for (const rejection of intake.rejections) keepRejection(rejection, now)

    const duplicates = intake.events.length - accepted
    count(COUNTERS.accepted, accepted)
    count(COUNTERS.duplicates, duplicates)
    count(COUNTERS.rejected, intake.rejections.length)
    for (const [reason, times] of Object.entries(intake.ignored)) count(IGNORED_PREFIX + reason, times)
    return { accepted, duplicates, range }
  }
}

function keyOf({ subject, identifier }: NewPart): number {
  return subjectKey(subject ?? 'user', identifier.toWellFormed())
}
