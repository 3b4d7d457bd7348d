import { DEFAULT_MAX_BODY_BYTES, groupRequest, manyUsersRequest, type Api } from '../destination/dopt-api.js'
import { toEntry, toStored } from '../store/memberships.js'
import type { NewPart } from '../store/store.js'
import type { IgnoredReason, Translation } from '../translate/translation.js'
import { printable } from './printable.js'
import { shortened } from './shortened.js'

/** What would be sent to Dopt about a user or a group. */
interface PreviewedPart {
  user?: string
  group?: string
  /**
   * For a user, the path of a call for many users, and the user's entry in its body; for a group, the path and body of
   * its call.
   */
  path: string
  entry: unknown
}

/** One event in `preview --json`. */
export type Previewed =
  | ({
      source: string
      outcome: 'sent'
      messageId: string
      /** When it happened, ISO 8601. It decides which of a user's events is the newest, and is not sent. */
      time: string
    } & PreviewedPart & {
        /** What the event says about others, sent afterwards. */
        then?: PreviewedPart[]
      })
  | { source: string; outcome: 'ignored'; code: IgnoredReason; reason: string }
  | { source: string; outcome: 'rejected' | 'failed'; reason: string }

type WhyIgnored = Readonly<Record<IgnoredReason, string>>

const WHY_IGNORED: WhyIgnored = {
  type: 'no enabled subscription matches',
  integrations: 'its integrations exclude Dopt',
  'no-identifier': 'the mapping yields no identifier'
}

/** Whoever has configured no subscriptions does not know the words above. */
const WHY_IGNORED_BY_DEFAULT: WhyIgnored = {
  ...WHY_IGNORED,
  type: 'its type is not identify',
  'no-identifier': 'it has no userId'
}

export function toPreviewed(
  source: string,
  translation: Translation,
  { api, hasSubscriptions }: { api: Api; hasSubscriptions: boolean }
): Previewed {
  switch (translation.kind) {
    case 'rejected':
      return { source, outcome: 'rejected', reason: translation.reason }
    case 'ignored': {
      const why = hasSubscriptions ? WHY_IGNORED : WHY_IGNORED_BY_DEFAULT
      return { source, outcome: 'ignored', code: translation.reason, reason: why[translation.reason] }
    }
    case 'event': {
      const { messageId, eventTime, later = [] } = translation.event
      const large = [translation.event, ...later].find((part) => bytesOf(part, api) > DEFAULT_MAX_BODY_BYTES)
      if (large !== undefined) {
        const reason = `the ${large.subject ?? 'user'} is ${bytesOf(large, api)} bytes, more than the ${DEFAULT_MAX_BODY_BYTES} that a call may have`
        return { source, outcome: 'failed', reason }
      }
      return {
        ...{ source, outcome: 'sent', messageId, time: new Date(eventTime).toISOString() },
        ...toPart(translation.event, api),
        ...(later.length > 0 && { then: later.map((part) => toPart(part, api)) })
      }
    }
  }
}

function toPart(part: NewPart, api: Api): PreviewedPart {
  const { path, body } = requestFor(part, api)
  const sent = JSON.parse(body) as unknown
  return { [part.subject ?? 'user']: part.identifier, path, entry: Array.isArray(sent) ? sent[0] : sent }
}

function requestFor({ subject, identifier, properties, groups }: NewPart, api: Api): { path: string; body: string } {
  const entry = toEntry(identifier, toStored(properties, groups))
  return subject === 'group' ? groupRequest(entry) : manyUsersRequest(api, [entry])
}

function bytesOf(part: NewPart, api: Api): number {
  return Buffer.byteLength(requestFor(part, api).body)
}

/** The characters that a place takes in a line. */
export function placeWidth(place: string): number {
  return printable(place).length
}

/**
 * One line, and one more for each further user or group that the event is about.
 *
 * @param width of the places, so that lines are aligned
 */
export function describePreviewed(previewed: Previewed, width: number): string {
  const { source, outcome } = previewed
  const line = (place: string, word: string, what: string): string =>
    `${printable(place).padEnd(width)}  ${word.padEnd(8)}  ${printable(what)}`
  if (previewed.outcome !== 'sent') return line(source, outcome, previewed.reason)
  const call = ({ path, entry }: PreviewedPart): string => `POST ${path} ${shortened(JSON.stringify(entry))}`
  const then = (previewed.then ?? []).map((part) => line('', 'then', call(part)))
  return [line(source, outcome, call(previewed)), ...then].join('\n')
}
