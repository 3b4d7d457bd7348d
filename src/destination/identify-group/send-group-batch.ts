import { MultiStatusResponse } from '@segment/actions-core'
import type { ExecuteInput, RequestClient } from '@segment/actions-core'
import { connect } from '../connection'
import type { Settings } from '../generated-types'
import { GROUPS_NEED_BATCH, takesGroups } from '../groups'
import { BATCH_DEFAULTS, sendBatch } from '../identify-user/send-batch'
import type { BatchOptions } from '../identify-user/send-batch'
import { toBatchUsers } from '../identify-user/user-update'
import type { BatchUser } from '../identify-user/user-update'
import { MAX_GROUP_CALLS_AT_ONCE } from '../limits'
import { sendOneGroup } from '../send-one'
import { explain, summarize } from '../verdict'
import type { Verdict } from '../verdict'
import type { Payload } from './generated-types'
import { NO_GROUP_IDENTIFIER } from './group-update'

const OUT_OF_TIME = 'The time for this batch ran out before the group could be sent. Segment retries automatically.'

/**
 * Sends a batch of group events, and returns a result for each at its index.
 *
 * Dopt accepts one group per call, so the events of one group are merged, and a few calls run at once. Then the users
 * of the accepted groups are sent with `sendBatch`, up to 100 per call. A refused key or a wrong address ends the
 * batch. If time runs out, or Segment aborts, the remaining events get a 408.
 */
export async function sendGroupBatch(
  request: RequestClient,
  { payload: payloads, settings, signal }: Pick<ExecuteInput<Settings, Payload[]>, 'payload' | 'settings' | 'signal'>,
  options: Partial<BatchOptions> = {}
): Promise<MultiStatusResponse> {
  const { now, timeLimitMs, minCallTimeMs } = { ...BATCH_DEFAULTS, ...options }
  const startedAt = now()
  const timeLeft = () => startedAt + timeLimitMs - now()
  const connection = connect(settings)
  const responses = new MultiStatusResponse()
  const refuse = (indices: readonly number[], status: number, errormessage: string) => {
    for (const index of indices) responses.setErrorResponseAtIndex(index, { status, errormessage })
  }
  if (!takesGroups(connection.api)) {
    refuse([...payloads.keys()], 400, GROUPS_NEED_BATCH)
    return responses
  }

  let fatal: Verdict | undefined
  const waiting = toBatchUsers(payloads, startedAt).reverse()
  const sendWaiting = async () => {
    for (let group = waiting.pop(); group !== undefined; group = waiting.pop()) {
      if (group.user.identifier.trim() === '') refuse(group.indices, 400, NO_GROUP_IDENTIFIER)
      else if (fatal !== undefined) answerFor(responses, group, fatal, settings.apiKey)
      else if (signal?.aborted === true || timeLeft() < minCallTimeMs) refuse(group.indices, 408, OUT_OF_TIME)
      else {
        const verdict = await sendOneGroup(request, connection, group.user, timeLeft())
        answerFor(responses, group, verdict, settings.apiKey)
        if (verdict.outcome === 'pause' || verdict.outcome === 'misdirected') fatal = verdict
      }
    }
  }
  await Promise.all(Array.from({ length: MAX_GROUP_CALLS_AT_ONCE }, sendWaiting))

  const members = payloads.flatMap((payload, index) => {
    const { identifier, user_identifier } = payload
    return user_identifier === undefined || user_identifier.trim() === '' || !responses.isSuccessResponseAtIndex(index)
      ? []
      : [{ index, payload: { identifier: user_identifier, groups: [{ identifier }] } }]
  })
  if (members.length === 0) return responses
  const payload = members.map((member) => member.payload)
  const attached = await sendBatch(
    request,
    { payload, settings, ...(signal && { signal }) },
    { ...options, timeLimitMs: timeLeft() }
  )
  members.forEach(({ index }, place) => {
    if (!attached.isSuccessResponseAtIndex(place)) {
      responses.pushResponseObjectAtIndex(index, attached.getResponseAtIndex(place))
    }
  })
  return responses
}

/** Sets a result for every event of a group. It contains the identifier, never properties. */
function answerFor(responses: MultiStatusResponse, group: BatchUser, verdict: Verdict, apiKey: string): void {
  const { outcome, status } = verdict
  const sent = { identifier: group.user.identifier }
  const body = summarize(verdict, apiKey)
  for (const index of group.indices) {
    if (outcome === 'delivered') responses.setSuccessResponseAtIndex(index, { status, sent, body })
    else responses.setErrorResponseAtIndex(index, { status, errormessage: explain(verdict, apiKey), sent, body })
  }
}
