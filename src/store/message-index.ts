import type { Database } from 'better-sqlite3'
import { isDamage } from './errors.js'
import { prepareCompletion, readableBehind } from './message-table.js'
import type { SeqRange } from './store.js'

/** Events kept in memory before they are moved to the index on disk: some 20 bytes each. */
const RECENT_EVENTS = 100_000

/** At most this many events of other processes count towards how much is written at a time. */
const MOST_CAUGHT_UP = 1000

/** The progress of the index in memory. */
interface Progress {
  /** The newest event in memory; null at the start. */
  knownTo: number | null
  /** The key that the round has reached; below all keys between rounds. */
  position: number
  /** The newest event when the round began. */
  beganAt: number
  /** No event up to this one is in memory any more. */
  droppedTo: number
}

const BEFORE_ALL_KEYS = -1
const AFTER_ALL_KEYS = Number.MAX_SAFE_INTEGER

/**
 * Finds the events of a message. The newest are indexed in memory. When there are many, they are moved to the table on
 * disk in rounds: each time events are accepted, twice as many that are adjacent in that table are moved. So a page of
 * the table is written once for many events, not once for each.
 *
 * "Memory" is a temporary table, so that it is rolled back with the transaction. It can always be rebuilt: it has the
 * events beyond the reach of the table on disk. Each process has its own. An event that another process removed stays
 * in it until it would be written, but is never found: a look-up compares the message's text in `events`.
 */
export function prepareMessageIndex(db: Database, recentEvents = RECENT_EVENTS) {
  db.exec(`create temp table recent_messages (
      message_key integer not null,
      seq         integer not null,
      primary key (message_key, seq)
    ) strict, without rowid;
    create temp table message_progress (
      known_to   integer,
      position   integer not null,
      began_at   integer not null,
      dropped_to integer not null
    ) strict;
    insert into message_progress (known_to, position, began_at, dropped_to) values (null, ${BEFORE_ALL_KEYS}, 0, 0);
    create temp trigger recent_message_without_event after delete on main.events begin
      delete from recent_messages where message_key = old.message_key and seq = old.seq;
    end`)
  const find = db
    .prepare<[number, number, string], number>(
      `select 1 from events where seq in (
         select seq from recent_messages where message_key = ? union all select seq from message_index where message_key = ?
       ) and message_id = ?`
    )
    .pluck()
  const knownKeys = db
    .prepare<[string], number>(
      `select value from json_each(?) where exists (select 1 from recent_messages where message_key = value)
         or exists (select 1 from message_index where message_key = value)`
    )
    .pluck()
  // `or fail`: as in accept.ts.
  const rememberAll = db.prepare<[number, number]>(
    'insert or fail into recent_messages (message_key, seq) select message_key, seq from events where seq between ? and ?'
  )
  const rememberOne = db.prepare<[number, number]>(
    'insert or ignore into recent_messages (message_key, seq) values (?, ?)'
  )
  const rememberBehind = db.prepare<[number]>(
    'insert or ignore into recent_messages (message_key, seq) select message_key, seq from events where seq > ?'
  )
  const readProgress = db.prepare<[], Progress>(
    'select known_to as knownTo, position, began_at as beganAt, dropped_to as droppedTo from message_progress'
  )
  const saveProgress = db.prepare<[Progress]>(
    `update message_progress
     set known_to = @knownTo, position = @position, began_at = @beganAt, dropped_to = @droppedTo`
  )
  const readReach = db.prepare<[], number>('select seq from message_index_reach').pluck()
  const newest = db.prepare<[], number | null>('select max(seq) from events').pluck()
  const extendReach = db.prepare<[number]>('update message_index_reach set seq = max(seq, ?)')
  const dropReached = db.prepare<[number]>('delete from recent_messages where seq <= ?')
  const complete = prepareCompletion(db)
  const keyAhead = db
    .prepare<[number, number], number>(
      'select message_key from recent_messages where message_key > ? order by message_key limit 1 offset ?'
    )
    .pluck()
  const writeBetween = prepareWriting('')
  // Not events that another process removed: nothing would remove them from the table again.
  const writeStandingBetween = prepareWriting('and exists (select 1 from events e where e.seq = r.seq)')
  const dataVersion = db.prepare<[], number>('select data_version from pragma_data_version').pluck()
  const versionAtFirst = dataVersion.get()
  const writeAll = db.prepare<[number, number]>(
    'insert or fail into message_index (message_key, seq) select message_key, seq from events where seq between ? and ?'
  )
  const dropBetween = db.prepare<[number, number]>(
    'delete from recent_messages where message_key > ? and message_key <= ?'
  )

  /** Events of other processes seen in this transaction. Each transaction resets it, so it need not be rolled back. */
  let caughtUp = 0
  let health: 'well' | 'hurt' | 'rescued' = 'well'
  let hurts = 0

  /** Adds events that other processes accepted and, at the start, those that the table on disk may lack. */
  function catchUp(): void {
    const [now, reach] = [progress(), readReach.get() ?? 0]
    // A round ends with its process. If no round were ever completed, the table would fall behind for good.
    const isFarBehind = (): boolean => (newest.get() ?? 0) - reach > 2 * recentEvents
    if (now.knownTo === null && health === 'well' && isFarBehind()) return complete()
    caughtUp = rememberBehind.run(Math.max(now.knownTo ?? 0, reach)).changes
    // If another process writes the table, nothing else would ever remove events from this one's memory.
    const isOutrun = reach > now.droppedTo
    if (isOutrun) dropReached.run(reach)
    if (caughtUp === 0 && !isOutrun) return
    saveProgress.run({ ...now, knownTo: newest.get() ?? 0, droppedTo: Math.max(now.droppedTo, reach) })
  }

  function advance({ first, last }: SeqRange): void {
    const now = { ...progress(), knownTo: last }
    const isBetweenRounds = now.position === BEFORE_ALL_KEYS
    if (health !== 'well' || (isBetweenRounds && last - (readReach.get() ?? 0) <= recentEvents)) {
      saveProgress.run(now)
      return
    }
    if (isBetweenRounds) now.beganAt = last
    // Faster than memory grows, whichever process causes that.
    const rows = 2 * (last - first + 1 + Math.min(caughtUp, MOST_CAUGHT_UP))
    const upTo = keyAhead.get(now.position, rows)
    const writing = dataVersion.get() === versionAtFirst ? writeBetween : writeStandingBetween
    writing.run(now.position, upTo ?? AFTER_ALL_KEYS)
    dropBetween.run(now.position, upTo ?? AFTER_ALL_KEYS)
    now.position = upTo ?? BEFORE_ALL_KEYS
    if (upTo === undefined) {
      // Everything that was in memory when the round began is on disk now.
      extendReach.run(now.beganAt)
      now.droppedTo = now.beganAt
    }
    saveProgress.run(now)
  }

  function prepareWriting(condition: string) {
    return db.prepare<[number, number]>(
      `insert or ignore into message_index (message_key, seq)
       select message_key, seq from recent_messages r where message_key > ? and message_key <= ? ${condition}
       order by message_key, seq`
    )
  }

  /** After damage, nothing more can be written in this transaction, and the next would meet the same damage. */
  function orHurt(run: () => void): void {
    try {
      run()
    } catch (error) {
      if (isDamage(error)) {
        health = 'hurt'
        hurts++
      }
      throw error
    }
  }

  function rescue(): void {
    if (health !== 'hurt') return
    const now = progress()
    for (const { messageKey, seq } of readableBehind(db, Math.max(now.knownTo ?? 0, readReach.get() ?? 0))) {
      rememberOne.run(messageKey, seq)
    }
    saveProgress.run({ ...now, knownTo: newest.get() ?? 0 })
    health = 'rescued'
  }

  function progress(): Progress {
    return readProgress.get() ?? { knownTo: null, position: BEFORE_ALL_KEYS, beganAt: 0, droppedTo: 0 }
  }

  return {
    /** To be called before the others, in the same transaction. */
    catchUp: () => orHurt(catchUp),
    /** Which of these keys exist: `has` is true only for those. Asked for all at once, because a query is expensive. */
    known: (keys: readonly number[]): Set<number> => new Set(knownKeys.all(`[${keys.join(',')}]`)),
    has: (messageKey: number, messageId: string): boolean => find.get(messageKey, messageKey, messageId) !== undefined,
    /** Adds the events in this range, and moves some from memory to the table on disk, if there are many. */
    add: (events: SeqRange): void => {
      const all = health === 'rescued' ? writeAll : rememberAll
      all.run(events.first, events.last)
      orHurt(() => advance(events))
    },
    /** How often a damaged page made `catchUp` or `advance`, and so their transaction, fail. */
    get hurts(): number {
      return hurts
    },
    /**
     * After that, continues without what is on damaged pages, and without rounds: from now on each event is written to
     * disk at once, so that only events on damaged pages are affected. Not to be called inside a transaction.
     */
    rescue
  }
}

export type MessageIndex = ReturnType<typeof prepareMessageIndex>
