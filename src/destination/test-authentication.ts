import { IntegrationError, InvalidAuthenticationError, RetryableError } from '@segment/actions-core'
import type { RequestClient } from '@segment/actions-core'
import { connect } from './connection'
import type { Settings } from './generated-types'
import { EXECUTION_TIME_LIMIT_MS } from './limits'
import { post } from './post'
import { explain, judge, summarize } from './verdict'
import { checkKeyRequest } from './wire'

/**
 * Checks with a call that changes nothing whether Dopt accepts the key, and resolves if so. Rejects with
 * `InvalidAuthenticationError` for a refused key, `IntegrationError` for an address that cannot be Dopt's, and
 * `RetryableError` if Dopt could not be reached.
 */
export async function testAuthentication(request: RequestClient, { settings }: { settings: Settings }): Promise<void> {
  const connection = connect(settings)
  const answer = await post(request, connection, checkKeyRequest(connection.api), EXECUTION_TIME_LIMIT_MS)
  const verdict = judge(answer, [])
  if (verdict.outcome === 'pause') throw new InvalidAuthenticationError(explain(verdict, settings.apiKey))
  if (answer.status >= 300 && answer.status < 400) {
    throw new IntegrationError(explain(verdict, settings.apiKey), 'REDIRECTED', verdict.status)
  }
  if (answer.failure !== undefined || answer.status >= 500) {
    const why = summarize(verdict, settings.apiKey)
    throw new RetryableError(`Could not reach Dopt (${why}). Check the Endpoint setting, or try again later.`)
  }
}
