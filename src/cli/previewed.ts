import { groupRequest, manyUsersRequest, type Api } from '../destination/dopt-api.js'
import { toEntry, toStored } from '../store/memberships.js'
import type { NewPart } from '../store/store.js'
import type { IgnoredReason, Translation } from '../translate/translation.js'
import { printable } from './printable.js'

/** What Dopt would be told of a user or of a group. */
interface PreviewedPart {
  user?: string
  group?: string
  /** The path of a call for many users, and this user's entry in its body; or the path and the body of a group's call. */
  path: string
  entry: unknown
}

/** What `preview --json` says of one event. */
export type Previewed =
  | ({
      source: string
      outcome: 'sent'
      messageId: string
      /** When it happened, ISO 8601. It decides which of a user's events is the newest, and is not sent. */
      time: string
    } & PreviewedPart & {
        /** What the event says of others, sent after it. */
        then?: PreviewedPart[]
      })
  | { source: string; outcome: 'ignored'; code: IgnoredReason; reason: string }
  | { source: string; outcome: 'rejected'; reason: string }

const WHY_IGNORED: Readonly<Record<IgnoredReason, string>> = {
  type: 'no enabled subscription asks for it',
  integrations: 'its integrations leave Dopt out',
  'no-identifier': 'the mapping finds no identifier in it'
}

export function toPreviewed(source: string, translation: Translation, api: Api): Previewed {
  switch (translation.kind) {
    case 'rejected':
      return { source, outcome: 'rejected', reason: translation.reason }
    case 'ignored':
      return { source, outcome: 'ignored', code: translation.reason, reason: WHY_IGNORED[translation.reason] }
    case 'event': {
      const { messageId, eventTime, later = [] } = translation.event
      return {
        ...{ source, outcome: 'sent', messageId, time: new Date(eventTime).toISOString() },
        ...toPart(translation.event, api),
        ...(later.length > 0 && { then: later.map((part) => toPart(part, api)) })
      }
    }
  }
}

function toPart({ subject = 'user', identifier, properties, groups }: NewPart, api: Api): PreviewedPart {
  const entry = toEntry(identifier, toStored(properties, groups))
  const { path, body } = subject === 'group' ? groupRequest(entry) : manyUsersRequest(api, [entry])
  const sent = JSON.parse(body) as unknown
  return { [subject]: identifier, path, entry: Array.isArray(sent) ? sent[0] : sent }
}

/** A line, and one more for each of the others whom the event tells something of. */
export function describePreviewed(previewed: Previewed): string {
  const { source, outcome } = previewed
  const line = (place: string, word: string, what: string): string => printable(`${place}  ${word.padEnd(8)}  ${what}`)
  if (previewed.outcome !== 'sent') return line(source, outcome, previewed.reason)
  const call = ({ path, entry }: PreviewedPart): string => `POST ${path} ${JSON.stringify(entry)}`
  const then = (previewed.then ?? []).map((part) => line(' '.repeat(source.length), 'then', call(part)))
  return [line(source, outcome, call(previewed)), ...then].join('\n')
}
