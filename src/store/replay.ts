import type { Database } from 'better-sqlite3'
import { subjectKey } from './keys.js'
import { addRange, mergeRanges } from './seq-ranges.js'
import type { ReplayCount, ReplaySelection, SeqRange } from './store.js'

/** Failed batches put back per commit; between commits, other writers get a turn. */
const BATCHES_A_STEP = 50

interface FailedEvent {
  userKey: number
  eventTime: number
  seq: number
  identifier: string
}

type Subjects = Pick<ReplayCount, 'users' | 'groups'>
type StepCount = Omit<ReplayCount, keyof Subjects>

/** The batches of a replay, and the users and groups of their failed events. */
interface Selected extends Subjects {
  ids: number[]
}

interface Conditions {
  batchId: number | null
  since: number | null
  until: number | null
}

const FAILED = `b.state = 'failed' and b.events > 0 and (@batchId is null or b.id = @batchId)
  and (@since is null or b.settled_at >= @since) and (@until is null or b.settled_at < @until)`

/** Makes failed events pending again, so that they are planned together with their users' newer events. */
export function prepareReplay(db: Database) {
  const failedBatches = db
    .prepare<[Conditions], number>(`select b.id from batches b where ${FAILED} order by b.id`)
    .pluck()
  const failedBatchesOfUser = db
    .prepare<[Conditions & { userKey: number }], number>(
      `select distinct b.id from ledger l join batches b on b.id = l.batch_id
       where l.batched = 1 and l.user_key = @userKey and ${FAILED} order by b.id`
    )
    .pluck()
  const failedSubjects = db.prepare<[Conditions], Subjects>(
    `select count(distinct case when l.user_key >= 0 then l.user_key end) as users,
       count(distinct case when l.user_key < 0 then l.user_key end) as groups
     from batches b join ledger l on l.batch_id = b.id where ${FAILED}`
  )
  const isFailed = db.prepare<[number], number>("select 1 from batches where id = ? and state = 'failed'").pluck()
  const eventsIn = db.prepare<[number], FailedEvent>(
    `select l.user_key as userKey, l.event_time as eventTime, l.seq, e.identifier
     from ledger l join events e on e.seq = l.seq where l.batch_id = ? order by l.seq`
  )
  const release = db.prepare<
    [number, number, number]
  >(`update ledger set batched = 0, batch_id = null, superseded_by = null,
       uncertain = max(uncertain, (select b.uncertain from batches b where b.id = ledger.batch_id))
     where batched = 1 and user_key = ? and event_time = ? and seq = ?`)
  const shrink = db.prepare<[{ id: number; now: number }]>(
    `update batches set
       events = (select count(*) from ledger where batch_id = @id),
       superseded = (select count(superseded_by) from ledger where batch_id = @id),
       users = (select count(distinct user_key) from ledger where batch_id = @id),
       state = case when exists (select 1 from ledger where batch_id = @id) then state else 'replayed' end,
       settled_at = case when exists (select 1 from ledger where batch_id = @id) then settled_at else @now end
     where id = @id`
  )

  const isWaiting = db.prepare<[number], number>('select 1 from waiting_parts where seq = ?').pluck()

  /** The sequence numbers of an event from this part on: it will be counted under these. */
  function rangeFrom(first: number): SeqRange {
    let last = first
    while (isWaiting.get(last + 1) !== undefined) last++
    return { first, last }
  }

  function select({ batchId, since, until, identifier, subject = 'user' }: ReplaySelection): Selected {
    const conditions = { batchId: batchId ?? null, since: since ?? null, until: until ?? null }
    if (identifier === undefined) {
      const { users = 0, groups = 0 } = failedSubjects.get(conditions) ?? {}
      return { ids: failedBatches.all(conditions), users, groups }
    }
    const ids = failedBatchesOfUser.all({ ...conditions, userKey: subjectKey(subject, identifier) })
    const one = ids.length > 0 ? 1 : 0
    return { ids, users: subject === 'user' ? one : 0, groups: subject === 'group' ? one : 0 }
  }

  /** The selected failed events of these batches, batch by batch. */
  function visit(
    selection: ReplaySelection,
    ids: readonly number[],
    handle: (batchId: number, events: FailedEvent[]) => void
  ): StepCount {
    const count: StepCount = { batches: 0, events: 0, ranges: [] }
    for (const id of ids) {
      if (isFailed.get(id) === undefined) continue
      const events = eventsIn
        .all(id)
        .filter(({ identifier }) => selection.identifier === undefined || identifier === selection.identifier)
      if (events.length === 0) continue
      count.batches++
      count.events += events.length
      for (const { seq } of events) addRange(count.ranges, rangeFrom(seq))
      handle(id, events)
    }
    return count
  }

  return {
    /** The batches when the replay begins: events that fail while it runs are not part of it. */
    select,
    putBack: (selection: ReplaySelection, ids: readonly number[], now: number) =>
      visit(selection, ids, (id, events) => {
        for (const { userKey, eventTime, seq } of events) release.run(userKey, eventTime, seq)
        shrink.run({ id, now })
      }),
    count: (selection: ReplaySelection, ids: readonly number[]) => visit(selection, ids, () => undefined)
  }
}

/** Runs `step` for a few batches at a time, and adds up the results. */
export async function sumSteps(
  { ids, users, groups }: Selected,
  step: (ids: readonly number[]) => Promise<StepCount>
): Promise<ReplayCount> {
  const total: ReplayCount = { batches: 0, events: 0, users, groups, ranges: [] }
  for (let from = 0; from < ids.length; from += BATCHES_A_STEP) {
    const count = await step(ids.slice(from, from + BATCHES_A_STEP))
    total.batches += count.batches
    total.events += count.events
    for (const range of count.ranges) addRange(total.ranges, range)
  }
  total.ranges = mergeRanges(total.ranges)
  return total
}
