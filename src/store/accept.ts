import { createHash } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import { COUNTERS, IGNORED_PREFIX, prepareCount } from './counters.js'
import { subjectKey, textKey } from './keys.js'
import { toStored } from './memberships.js'
import type { MessageIndex } from './message-index.js'
import type { AcceptReceipt, Intake, NewEvent, NewPart, NewRejection, SeqRange } from './store.js'

/** How to find the events of a message. */
interface Message {
  key: number
  id: string
}

/** Writes an intake. To be run inside a transaction. */
export function prepareAccept(db: Database, messages: MessageIndex): (intake: Intake) => AcceptReceipt {
  const insertEvent = db.prepare<[number, number, number, number, string, string, string]>(
    `insert into events (message_key, user_key, event_time, arrived_at, message_id, identifier, properties)
     values (?, ?, ?, ?, ?, ?, ?)`
  )
  // One statement for all events: cheaper than calling SQLite for each. `or fail`: a failure undoes the whole
  // transaction anyway; otherwise SQLite would keep every changed page in memory, to undo this statement alone.
  const enterLedger = db.prepare<[number, number]>(
    `insert or fail into ledger (batched, user_key, event_time, seq)
     select 0, user_key, event_time, seq from events e
     where seq between ? and ? and not exists (select 1 from waiting_parts w where w.seq = e.seq)`
  )
  const insertWaiting = db.prepare<[number, number]>('insert into waiting_parts (seq, user_key) values (?, ?)')
  const insertRejection = db.prepare<[string, string, string, string, number, number]>(
    `insert into rejected (content_key, source, reason, raw, complete, received_at) values (?, ?, ?, ?, ?, ?)
     on conflict (content_key) do nothing`
  )
  const deleteRejection = db.prepare<[number]>('delete from rejected where id = ?')
  const count = prepareCount(db)

  /** Returns the sequence numbers of the event's parts. */
  function storeEvent(event: NewEvent, message: Message): SeqRange {
    const first = storePart(event, keyOf(event), event, message)
    let last = first
    for (const part of event.later ?? []) {
      const partKey = keyOf(part)
      last = storePart(part, partKey, event, message)
      insertWaiting.run(last, partKey)
    }
    return { first, last }
  }

  function storePart(part: NewPart, userKey: number, { eventTime, arrivedAt }: NewEvent, message: Message): number {
    const { lastInsertRowid } = insertEvent.run(
      ...([message.key, userKey, eventTime, arrivedAt, message.id] as const),
      ...([part.identifier.toWellFormed(), toStored(part.properties, part.groups)] as const)
    )
    return Number(lastInsertRowid)
  }

  /** Stores the events that were not seen before. */
  function storeEvents(events: readonly NewEvent[]): { accepted: number; range: SeqRange | undefined } {
    // A lone surrogate has no UTF-8 form: the database would replace it like this, and not find it by its key any more.
    const named = events.map((event) => ({ event, message: toMessage(event.messageId.toWellFormed()) }))
    const knownKeys = messages.known(named.map(({ message }) => message.key))
    const stored = new Set<string>()
    let range: SeqRange | undefined
    for (const { event, message } of named) {
      const { key, id } = message
      if (stored.has(id) || (knownKeys.has(key) && messages.has(key, id))) continue
      const { first, last } = storeEvent(event, message)
      stored.add(id)
      range = { first: range?.first ?? first, last }
    }
    return { accepted: stored.size, range }
  }

  function keepRejection({ source, reason, raw, complete, receivedAt }: NewRejection): void {
    const contentKey = createHash('sha256').update(`${reason}\0${raw}`).digest('base64')
    insertRejection.run(contentKey, source, reason, raw, complete ? 1 : 0, receivedAt)
  }

  return (intake) => {
    messages.catchUp()
    const { accepted, range } = storeEvents(intake.events)
    if (range !== undefined) {
      enterLedger.run(range.first, range.last)
      messages.add(range)
    }
    // In this order: an event that is rejected again for the same reason must be stored again.
    for (const id of intake.replacesRejections ?? []) deleteRejection.run(id)
    for (const rejection of intake.rejections) keepRejection(rejection)

    const duplicates = intake.events.length - accepted
    count(COUNTERS.accepted, accepted)
    count(COUNTERS.duplicates, duplicates)
    count(COUNTERS.rejected, intake.rejections.length)
    for (const [reason, times] of Object.entries(intake.ignored)) count(IGNORED_PREFIX + reason, times)
    return { accepted, duplicates, range }
  }
}

function toMessage(id: string): Message {
  return { key: textKey(id), id }
}

function keyOf({ subject, identifier }: NewPart): number {
  return subjectKey(subject ?? 'user', identifier.toWellFormed())
}
