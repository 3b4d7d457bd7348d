import type { ReplaySelection } from '../store/store.js'
import type { Config } from './config.js'
import { UsageError } from './errors.js'
import { flag, pointInTime, text, whole } from './setting.js'

export const batch = whole(
  { key: 'batch', flag: '--batch <id>', help: 'failed events of this batch', inFile: false },
  1,
  Number.MAX_SAFE_INTEGER
)
export const user = text({ key: 'user', flag: '--user <id>', help: 'failed events of this user', inFile: false })
export const group = text({ key: 'group', flag: '--group <id>', help: 'failed events of this group', inFile: false })
export const since = pointInTime({
  key: 'since',
  flag: '--since <when>',
  help: 'events that failed since then: 24h for the last day, or a time such as 2026-10-01T12:00:00Z',
  inFile: false
})
export const until = pointInTime({
  key: 'until',
  flag: '--until <when>',
  help: 'events that failed before then',
  inFile: false
})
export const failed = flag('failed', '--failed', 'all failed events')
export const rejected = flag(
  'rejected',
  '--rejected',
  'rejected events, which are translated again; --since and --until apply'
)
export const dryRun = flag('dryRun', '--dry-run', 'only show what would be replayed')

/** Kept rejections that were received in this interval; epoch ms, `until` excluded. */
export interface RejectedSelection {
  since: number
  until: number
}

/** What to replay; at least one of the two. */
export interface Work {
  failed: ReplaySelection | undefined
  rejected: RejectedSelection | undefined
}

/** Throws UsageError if nothing is selected, or if flags cannot be combined. */
export function selectWork(config: Config): Work {
  const [batchId, userId, groupId] = [config.get(batch), config.get(user), config.get(group)]
  if (userId !== undefined && groupId !== undefined) throw new UsageError('--user and --group cannot be combined')
  const identifier = userId ?? groupId
  const [from, before] = [config.get(since), config.get(until)]
  if (from !== undefined && before !== undefined && from >= before)
    throw new UsageError('--since must be earlier than --until: swap them, or leave one out')
  const wantsRejected = config.get(rejected) === true
  if (wantsRejected && (batchId !== undefined || identifier !== undefined)) {
    throw new UsageError(
      '--rejected cannot be combined with --batch, --user or --group: rejected events are in no batch'
    )
  }
  const isNarrowed = [batchId, identifier].some((value) => value !== undefined)
  const isTimed = [from, before].some((value) => value !== undefined)
  const wantsFailed = config.get(failed) === true || isNarrowed || (isTimed && !wantsRejected)
  if (!wantsFailed && !wantsRejected) {
    throw new UsageError(
      'say what to replay: --failed, --batch ID, --user ID, --group ID, --since WHEN, --until WHEN or --rejected (and --dry-run to look first)'
    )
  }
  const selection: ReplaySelection = {
    ...(batchId !== undefined && { batchId }),
    ...(identifier !== undefined && { identifier, subject: userId === undefined ? 'group' : 'user' }),
    ...(from !== undefined && { since: from }),
    ...(before !== undefined && { until: before })
  }
  return {
    failed: wantsFailed ? selection : undefined,
    rejected: wantsRejected ? { since: from ?? 0, until: before ?? Infinity } : undefined
  }
}
