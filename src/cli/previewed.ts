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
  /** Why it would fail instead of being sent. */
  problem?: string
}

/** One event in `preview --json`. */
export type Previewed =
  | ({
      source: string
      /** Failed if one of its parts would be. */
      outcome: 'sent' | 'failed'
      messageId: string
      /** When it happened, ISO 8601. It decides which of a user's events is the newest, and is not sent. */
      time: string
    } & PreviewedPart & {
        /** What the event says about others, sent afterwards. */
        then?: PreviewedPart[]
      })
  | { source: string; outcome: 'ignored'; code: IgnoredReason; reason: string }
  | { source: string; outcome: 'rejected'; reason: string }

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
      const [first, ...others] = [toPart(translation.event, api), ...later.map((part) => toPart(part, api))] as const
      const isFailed = [first, ...others].some(({ problem }) => problem !== undefined)
      return {
        ...{ source, outcome: isFailed ? 'failed' : 'sent', messageId, time: new Date(eventTime).toISOString() },
        ...first,
        ...(others.length > 0 && { then: others })
      }
    }
  }
}

function toPart({ subject = 'user', identifier, properties, groups }: NewPart, api: Api): PreviewedPart {
  const entry = toEntry(identifier, toStored(properties, groups))
  const { path, body } = subject === 'group' ? groupRequest(entry) : manyUsersRequest(api, [entry])
  const sent = JSON.parse(body) as unknown
  const bytes = Buffer.byteLength(body)
  const problem = `the ${subject} is ${bytes} bytes, more than the ${DEFAULT_MAX_BODY_BYTES} that a call may have`
  return {
    ...{ [subject]: identifier, path, entry: Array.isArray(sent) ? sent[0] : sent },
    ...(bytes > DEFAULT_MAX_BODY_BYTES && { problem })
  }
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
  if (previewed.outcome === 'ignored' || previewed.outcome === 'rejected')
    return line(source, outcome, previewed.reason)
  const part = (place: string, word: string, { path, entry, problem }: PreviewedPart): string =>
    problem === undefined
      ? line(place, word, `POST ${path} ${shortened(JSON.stringify(entry))}`)
      : line(place, 'failed', problem)
  const then = (previewed.then ?? []).map((later) => part('', 'then', later))
  return [part(source, 'sent', previewed), ...then].join('\n')
}
