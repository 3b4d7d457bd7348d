import type { Store } from '../store/store.js'
import type { TranslatorOptions } from '../translate/translator.js'
import { formatCount } from './format-number.js'
import type { Work } from './replay-selection.js'
import { reasonOf, retryRejected } from './replay-rejected.js'
import { plural } from './summary.js'
import { renderTable } from './table.js'

/** Maximum rejections to list, as text and in the JSON document; the counts include all. */
const LISTED = 20
const IN_DOCUMENT = 1000

/** What `replay --dry-run --json` prints. */
export interface ReplayPreview {
  failed: { batches: number; events: number; users: number; groups: number } | null
  rejected: {
    kept: number
    /** Would be accepted now, or be a duplicate. */
    accepted: number
    /** Still invalid, but an event with the same message id has been accepted since: would be dropped, as duplicates. */
    corrected: number
    /** Would be ignored now. */
    ignored: number
    rejected: number
    /** The first ones that would be rejected again. */
    first: Array<{ source: string; reason: string }>
  } | null
}

export async function previewReplay(
  store: Store,
  { failed, rejected }: Work,
  options: TranslatorOptions
): Promise<ReplayPreview> {
  const preview: ReplayPreview = { failed: null, rejected: null }
  if (failed !== undefined) {
    const { batches, events, users, groups } = await store.countReplay(failed)
    preview.failed = { batches, events, users, groups }
  }
  if (rejected !== undefined) {
    const counts = { kept: 0, accepted: 0, corrected: 0, ignored: 0, rejected: 0 }
    const first: Array<{ source: string; reason: string }> = []
    for await (const retried of retryRejected(store, rejected, options)) {
      for (const { record, translation, isCorrected } of retried) {
        counts.kept++
        const outcome = isCorrected ? 'corrected' : translation.kind === 'event' ? 'accepted' : translation.kind
        counts[outcome]++
        if (outcome === 'rejected' && translation.kind === 'rejected' && first.length < IN_DOCUMENT) {
          first.push({ source: record.source, reason: reasonOf(record, translation) })
        }
      }
    }
    preview.rejected = { ...counts, first }
  }
  return preview
}

/** Without a line break at its end. */
export function renderPreview({ failed, rejected }: ReplayPreview): string {
  const parts: string[] = []
  if (failed !== null) {
    const { batches, events, users, groups } = failed
    const whose = plural(users, 'user') + (groups > 0 ? ` and ${plural(groups, 'group')}` : '')
    parts.push(`would replay ${plural(events, 'event')} of ${whose} from ${plural(batches, 'failed batch')}`)
  }
  if (rejected !== null) {
    const { kept, accepted, corrected, ignored, rejected: again, first } = rejected
    parts.push(
      `${plural(kept, 'rejected event')} kept: ${formatCount(accepted)} would be accepted now, ` +
        (corrected > 0 ? `${formatCount(corrected)} dropped (accepted in a correct form since), ` : '') +
        `${formatCount(ignored)} ignored, ${formatCount(again)} rejected again`
    )
    const listed = first.slice(0, LISTED).map(({ source, reason }) => [source, reason])
    if (listed.length > 0) parts.push(renderTable(['source', 'why it would be rejected again'], listed))
    if (again > listed.length) {
      const shown = again > first.length ? `the first ${formatCount(first.length)}` : 'all'
      parts.push(`and ${formatCount(again - listed.length)} more: --json shows ${shown}`)
    }
  }
  return parts.join('\n')
}
