import { manyUsersRequest, type Api } from '../destination/dopt-api.js'
import type { IgnoredReason, Translation } from '../translate/translation.js'
import { printable } from './printable.js'

/** What `preview --json` says of one event. */
export type Previewed =
  | {
      source: string
      outcome: 'sent'
      messageId: string
      user: string
      /** When it happened, ISO 8601. It decides which of a user's events is the newest, and is not sent. */
      time: string
      /** The path of a call for many users, and this user's entry in its body. */
      path: string
      entry: unknown
    }
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
      const { messageId, identifier, eventTime, properties } = translation.event
      const { path, body } = manyUsersRequest(api, [{ identifier, properties }])
      const [entry] = JSON.parse(body) as unknown[]
      const time = new Date(eventTime).toISOString()
      return { source, outcome: 'sent', messageId, user: identifier, time, path, entry }
    }
  }
}

/** One line. */
export function describePreviewed(previewed: Previewed): string {
  const { source, outcome } = previewed
  const what =
    previewed.outcome === 'sent' ? `POST ${previewed.path} ${JSON.stringify(previewed.entry)}` : previewed.reason
  return printable(`${source}  ${outcome.padEnd(8)}  ${what}`)
}
