import { takesGroups, type Api } from '../destination/dopt-api.js'
import type { OpenBatch, Settlement } from '../store/store.js'

const GROUPS_NEED_BATCH = 'groups need api set to batch, but it is bulk: nothing was sent; set it to batch and replay'

/**
 * How to settle a batch with groups, left by an earlier run with the `batch` API, now that the API is `bulk`: it is not
 * sent, and users without groups are split off into batches of their own. Undefined if it can be sent.
 */
export function refuseGroups(
  { subject, entries }: Pick<OpenBatch, 'subject' | 'entries'>,
  api: Api,
  now: number
): Settlement | undefined {
  if (takesGroups(api)) return undefined
  const inGroups = entries.filter(({ groups }) => groups !== undefined).length
  if (subject === 'user' && inGroups === 0) return undefined
  const call = { isSent: false, at: now, status: undefined, code: 'groups_need_batch', error: GROUPS_NEED_BATCH }
  return { to: subject === 'user' && inGroups < entries.length ? 'split' : 'failed', call }
}
