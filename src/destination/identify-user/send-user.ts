import {
  APIError,
  getErrorCodeFromHttpStatus,
  IntegrationError,
  InvalidAuthenticationError,
  PayloadValidationError,
  RetryableError
} from '@segment/actions-core'
import type { ExecuteInput, RequestClient } from '@segment/actions-core'
import { connect } from '../connection'
import type { Settings } from '../generated-types'
import { EXECUTION_TIME_LIMIT_MS } from '../limits'
import { post } from '../post'
import { explain, judge, judgeMany } from '../verdict'
import { manyUsersPath, oneUserRequest } from '../wire'
import type { Payload } from './generated-types'
import { isIdentifier, NO_IDENTIFIER, toUserEntry } from './user-update'

/** Sends one user. Resolves when Dopt has it; throws the error of actions-core that makes Segment do the right thing. */
export async function sendUser(
  request: RequestClient,
  { payload, settings }: Pick<ExecuteInput<Settings, Payload>, 'payload' | 'settings'>
): Promise<void> {
  const connection = connect(settings)
  if (!isIdentifier(payload.identifier)) throw new PayloadValidationError(NO_IDENTIFIER)
  const user = toUserEntry(payload)
  const wireRequest = oneUserRequest(connection.api, user)
  const answer = await post(request, connection, wireRequest, EXECUTION_TIME_LIMIT_MS)
  const isList = wireRequest.path === manyUsersPath(connection.api)
  const verdict = isList ? judgeMany(answer, [user]) : judge(answer, [user])
  const message = explain(verdict, settings.apiKey)
  switch (verdict.outcome) {
    case 'delivered':
      return
    case 'retry':
      throw new RetryableError(message, retryableStatus(verdict.status))
    case 'split':
      throw new PayloadValidationError(message)
    case 'pause':
      throw new InvalidAuthenticationError(message)
    case 'misdirected':
      throw new IntegrationError(message, getErrorCodeFromHttpStatus(verdict.status), verdict.status)
    case 'reject':
      throw new APIError(message, verdict.status)
  }
}

type RetryableStatus = RetryableError['status']

const RETRYABLE: readonly RetryableStatus[] = [408, 423, 429, 500, 502, 503, 504]

/** Statuses that the error's type does not know are retried as a 500. */
function retryableStatus(status: number): RetryableStatus {
  return RETRYABLE.find((known) => known === status) ?? 500
}
