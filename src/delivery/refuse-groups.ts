import { takesGroups, type Api } from '../destination/dopt-api.js'
import type { OpenBatch, Settlement } from '../store/store.js'

const GROUPS_NEED_BATCH =
  'groups can be sent only with api set to batch, but it is bulk: nothing was sent; set it to batch and replay'

/**
 * What becomes of a batch that an earlier run, with the other generation of the API, has left: nothing of it is sent when
 * it carries groups, and whoever is in none of them goes out with a batch of their own. Undefined where it can be sent.
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
