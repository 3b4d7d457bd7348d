import type { Database } from 'better-sqlite3'
import type { PlannedEvent } from './plan-users.js'

/** Most events of one user per batch; the rest waits for the next batch, so that a busy user cannot fill the memory. */
const MOST_ROWS = 1000
const FIRST_ROWS = 256
const FEWEST_ROWS = 16
/** A page of events larger than this makes the next pages smaller. */
const PAGE_CHARACTERS = 4 * 1024 * 1024

/** A user's pending events, oldest first: all of them, or as many as one batch may have. */
export interface PendingEvents {
  userKey: number
  events: PlannedEvent[]
  /** No event of the key in any batch is newer than this; undefined if none is in a batch. */
  newestBatchedAt: number | undefined
}

type Row = [
  userKey: number,
  eventTime: number,
  seq: number,
  identifier: string,
  properties: string,
  newestBatchedAt: number | null
]

/**
 * Reads the pending events of users that are adjacent in the ledger, with a few queries for all of them: one query
 * costs as much as the rows of several users.
 */
export function preparePendingEvents(db: Database) {
  const rowsBetween = db
    .prepare<[number, number, number], Row>(
      `select l.user_key, l.event_time, l.seq, e.identifier, e.properties,
         (select max(b.event_time) from ledger b where b.batched = 1 and b.user_key = l.user_key)
       from ledger l join events e on e.seq = l.seq
       where l.batched = 0 and l.user_key between ? and ? order by l.user_key, l.event_time, l.seq limit ?`
    )
    .raw()
  let pageRows = FIRST_ROWS

  /** Keys in ascending order. Users between them are skipped. */
  function* inOrder(keys: readonly number[]): Generator<PendingEvents> {
    const wanted = new Set(keys)
    const last = keys.at(-1) ?? -1
    let from = keys[0] ?? 0
    while (from <= last) {
      const page = rowsBetween.all(from, last, pageRows)
      const users = toUsers(page)
      const isFull = page.length === pageRows
      adjust(page, isFull)
      // The last user of a full page may have more rows; one that fills a page alone has as many as it may have.
      if (isFull && users.length > 1) users.pop()
      for (const user of users) if (wanted.has(user.userKey)) yield user
      if (!isFull) return
      from = (users.at(-1)?.userKey ?? last) + 1
    }
  }

  function adjust(page: readonly Row[], isFull: boolean): void {
    const characters = page.reduce((sum, [, , , , properties]) => sum + properties.length, 0)
    if (characters > PAGE_CHARACTERS) pageRows = Math.max(FEWEST_ROWS, pageRows >> 1)
    else if (isFull && 2 * characters < PAGE_CHARACTERS) pageRows = Math.min(MOST_ROWS, 2 * pageRows)
  }

  /** `oneByOne`: read each user separately, because users between them cannot be read. */
  return function* (keys: readonly number[], oneByOne = false): Generator<PendingEvents> {
    if (oneByOne) {
      for (const key of keys) yield* inOrder([key])
      return
    }
    // The search wraps around at most once: the keys ascend, then start over.
    const turn = keys.findIndex((key, index) => key < (keys[index - 1] ?? -Infinity))
    if (turn > 0) yield* inOrder(keys.slice(0, turn))
    yield* inOrder(turn > 0 ? keys.slice(turn) : keys)
  }
}

function toUsers(page: readonly Row[]): PendingEvents[] {
  const users: PendingEvents[] = []
  let user: PendingEvents | undefined
  for (const [userKey, eventTime, seq, identifier, properties, newest] of page) {
    if (user?.userKey !== userKey) {
      user = { userKey, events: [], newestBatchedAt: newest ?? undefined }
      users.push(user)
    }
    user.events.push({ seq, eventTime, identifier, properties })
  }
  return users
}
