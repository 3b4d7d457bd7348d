import { outcomeOf } from './outcome'
import type { Outcome } from './outcome'
import type { Answer } from './post'
import { quoteError, valuesOf } from './quote'
import { parseCount } from './wire'
import type { UserEntry } from './wire'

/** What an answer means for the users of its call. */
export interface Verdict {
  outcome: Outcome
  /** The status to give Segment, which retries 408, 423, 429 and 5xx except 501, and nothing else. */
  status: number
  answer: Answer
  /** The users of the call, or its group. */
  users: readonly UserEntry[]
  /** What the call was about. Default: `user`. */
  subject?: 'user' | 'group'
  /** What was wrong with an apparent success. */
  doubt?: string
}

/** The status for an answer that does not tell whether the users were stored. */
const UNKNOWN = 502

/** For the one-user endpoint, which answers any 2xx, with or without a body. */
export function judge(answer: Answer, users: readonly UserEntry[]): Verdict {
  const outcome = outcomeOf(answer.status)
  return { outcome, status: statusForSegment(outcome, answer.status), answer, users }
}

/**
 * For the many-users endpoint, whose success must say how many users it accepted. Fewer than were sent means that some
 * were refused; if the number is missing or too large, the result is unknown, which is never a success.
 */
export function judgeMany(answer: Answer, users: readonly UserEntry[]): Verdict {
  const verdict = judge(answer, users)
  if (verdict.outcome !== 'delivered') return verdict
  const count = parseCount(answer.body)
  if (count === undefined) return doubted(verdict, 'retry', UNKNOWN, 'without the number of accepted users')
  if (count === users.length) return verdict
  const doubt = `${count} of ${users.length} users accepted`
  return count < users.length ? doubted(verdict, 'split', 400, doubt) : doubted(verdict, 'retry', UNKNOWN, doubt)
}

function doubted(verdict: Verdict, outcome: Outcome, status: number, doubt: string): Verdict {
  return { ...verdict, outcome, status, doubt }
}

/**
 * What happened, and what to do about it. Repeats Dopt's error, but no property values and not the key.
 */
export function explain(verdict: Verdict, apiKey: string): string {
  const what = summarize(verdict, apiKey)
  const subject = verdict.subject ?? 'user'
  switch (verdict.outcome) {
    case 'delivered':
      return `Dopt accepted the ${subject} (${what}).`
    case 'retry':
      return `Dopt did not accept the ${subject} this time (${what}). Segment retries automatically; if it persists, contact Dopt.`
    case 'split':
      return `Dopt refused the ${subject} (${what}). Check which traits this action's mapping sends for it.`
    case 'pause':
      return `Dopt refused the API key (${what}). Check the API Key setting of this destination.`
    case 'misdirected':
      return `The address is not that of Dopt's users API (${what}). Check the Endpoint and API settings of this destination.`
    case 'reject':
      return `Dopt refused the call, and retrying would not help (${what}). Check the settings of this destination, or contact Dopt.`
  }
}

/** What happened, in short: `HTTP 400, invalid_request_error: …` */
export function summarize({ answer, users, doubt }: Verdict, apiKey: string): string {
  if (answer.failure !== undefined) return answer.failure
  const words = quoteError(answer.body, secretsOf(users, apiKey))
  return [`HTTP ${answer.status}`, doubt, words].filter((part) => part !== undefined).join(', ')
}

function* secretsOf(users: readonly UserEntry[], apiKey: string): Generator<string> {
  yield apiKey.trim()
  for (const { properties, groups = [] } of users) {
    yield* valuesOf(properties)
    for (const group of groups) yield* valuesOf(group.properties)
  }
}

function statusForSegment(outcome: Outcome, status: number): number {
  switch (outcome) {
    case 'retry':
      return status === 409 || status === 425 ? 500 : status
    case 'misdirected':
      // A redirect would not look like an error.
      return status < 400 ? 404 : status
    case 'reject':
      return status < 400 ? 400 : status
    case 'delivered':
    case 'split':
    case 'pause':
      return status
  }
}
