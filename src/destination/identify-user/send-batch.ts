import { MultiStatusResponse } from '@segment/actions-core'
import type { ExecuteInput, RequestClient } from '@segment/actions-core'
import { connect } from '../connection'
import type { Settings } from '../generated-types'
import { GROUPS_NEED_BATCH, takesGroups } from '../groups'
import { DEFAULT_MAX_BODY_BYTES, EXECUTION_TIME_LIMIT_MS, MIN_CALL_TIME_MS } from '../limits'
import { post } from '../post'
import { sendIsolating } from '../split'
import { explain, judgeMany, summarize } from '../verdict'
import type { Verdict } from '../verdict'
import { manyUsersRequest } from '../wire'
import type { Payload } from './generated-types'
import { packCalls } from './pack-calls'
import { groupsOf, isIdentifier, NO_IDENTIFIER, toBatchUsers } from './user-update'
import type { BatchUser } from './user-update'

/** The clock and limits, which tests replace. */
export interface BatchOptions {
  /** Epoch milliseconds. */
  now: () => number
  /** How long the whole batch may take. */
  timeLimitMs: number
  /** No call is started with less time left than this. */
  minCallTimeMs: number
  maxBodyBytes: number
}

export const BATCH_DEFAULTS: BatchOptions = {
  now: Date.now,
  timeLimitMs: EXECUTION_TIME_LIMIT_MS,
  minCallTimeMs: MIN_CALL_TIME_MS,
  maxBodyBytes: DEFAULT_MAX_BODY_BYTES
}

const OUT_OF_TIME = 'The time for this batch ran out before the user could be sent. Segment retries automatically.'

/**
 * Sends a batch, and returns a result for each payload at its index.
 *
 * The events of one user are merged, and share its result. Users are sent in calls of at most 100, one call at a time.
 * A call that is refused for its content is halved until the offending user is alone. A refused key or a wrong address
 * ends the batch, and is the result of every user not settled by then. If time runs out, or Segment aborts, the
 * remaining events get a 408, so that Segment retries them.
 */
export async function sendBatch(
  request: RequestClient,
  { payload: payloads, settings, signal }: Pick<ExecuteInput<Settings, Payload[]>, 'payload' | 'settings' | 'signal'>,
  options: Partial<BatchOptions> = {}
): Promise<MultiStatusResponse> {
  const { now, timeLimitMs, minCallTimeMs, maxBodyBytes } = { ...BATCH_DEFAULTS, ...options }
  const startedAt = now()
  const timeLeft = () => startedAt + timeLimitMs - now()
  const connection = connect(settings)
  const responses = new MultiStatusResponse()

  const refused = takesGroups(connection.api) ? new Set<number>() : withGroups(payloads)
  for (const index of refused) {
    responses.setErrorResponseAtIndex(index, { status: 400, errormessage: GROUPS_NEED_BATCH })
  }
  const users = toBatchUsers(payloads, startedAt, refused)
  const { calls, tooLarge } = packCalls(
    connection.api,
    users.filter(({ user }) => isIdentifier(user.identifier)),
    maxBodyBytes
  )
  refuse(
    responses,
    users.filter(({ user }) => !isIdentifier(user.identifier)),
    400,
    NO_IDENTIFIER
  )
  refuse(responses, tooLarge, 400, tooLargeMessage(maxBodyBytes))

  const open = new Set(calls.flat())
  let fatal: Verdict | undefined
  const settle = (settled: readonly BatchUser[], verdict: Verdict) => {
    answerFor(responses, settled, verdict, settings.apiKey)
    for (const user of settled) open.delete(user)
    if (verdict.outcome === 'pause' || verdict.outcome === 'misdirected') fatal = verdict
  }

  for (const call of calls) {
    await sendIsolating<BatchUser, Verdict>(call, {
      send: async (part) => {
        const entries = part.map(({ user }) => user)
        const wireRequest = manyUsersRequest(connection.api, entries)
        return judgeMany(await post(request, connection, wireRequest, timeLeft()), entries)
      },
      blamesContent: ({ outcome }) => outcome === 'split',
      settle,
      isOver: () => fatal !== undefined || signal?.aborted === true || timeLeft() < minCallTimeMs
    })
  }

  if (fatal !== undefined) settle([...open], fatal)
  refuse(responses, open, 408, OUT_OF_TIME)
  return responses
}

/** The indices of payloads that name groups. */
function withGroups(payloads: readonly Payload[]): Set<number> {
  return new Set(payloads.flatMap((payload, index) => (groupsOf(payload).length > 0 ? [index] : [])))
}

/** Sets a result for every event of the users. It contains the identifier, never properties. */
function answerFor(
  responses: MultiStatusResponse,
  users: readonly BatchUser[],
  verdict: Verdict,
  apiKey: string
): void {
  const { outcome, status } = verdict
  const body = summarize(verdict, apiKey)
  const errormessage = explain(verdict, apiKey)
  for (const { user, indices } of users) {
    const sent = { identifier: user.identifier }
    for (const index of indices) {
      if (outcome === 'delivered') responses.setSuccessResponseAtIndex(index, { status, sent, body })
      else responses.setErrorResponseAtIndex(index, { status, errormessage, sent, body })
    }
  }
}

/** Sets a result of our own: nothing was sent. */
function refuse(
  responses: MultiStatusResponse,
  users: Iterable<BatchUser>,
  status: number,
  errormessage: string
): void {
  for (const { indices } of users) {
    for (const index of indices) responses.setErrorResponseAtIndex(index, { status, errormessage })
  }
}

function tooLargeMessage(maxBodyBytes: number): string {
  return `The user's properties are larger than the ${maxBodyBytes} bytes that fit in one call. Check which traits this action's mapping sends.`
}
