import { PayloadValidationError } from '@segment/actions-core'
import type { ExecuteInput, RequestClient } from '@segment/actions-core'
import { connect } from '../connection'
import type { Settings } from '../generated-types'
import { GROUPS_NEED_BATCH, takesGroups } from '../groups'
import { EXECUTION_TIME_LIMIT_MS } from '../limits'
import { sendOneGroup, sendOneUser } from '../send-one'
import { throwUnlessDelivered } from '../throw-verdict'
import type { Payload } from './generated-types'
import { memberOf, NO_GROUP_IDENTIFIER, toGroupEntry } from './group-update'

/**
 * Sends one group, and then the user who is in it. Resolves when Dopt has both; otherwise rejects with the actions-core
 * error that makes Segment retry, or not. Both calls are upserts, so a retry after the second one failed does no harm.
 */
export async function sendGroup(
  request: RequestClient,
  { payload, settings }: Pick<ExecuteInput<Settings, Payload>, 'payload' | 'settings'>
): Promise<void> {
  const connection = connect(settings)
  const startedAt = Date.now()
  if (!takesGroups(connection.api)) throw new PayloadValidationError(GROUPS_NEED_BATCH)
  if (payload.identifier.trim() === '') throw new PayloadValidationError(NO_GROUP_IDENTIFIER)
  const group = toGroupEntry(payload)
  throwUnlessDelivered(await sendOneGroup(request, connection, group, EXECUTION_TIME_LIMIT_MS), settings.apiKey)
  const member = memberOf(payload)
  if (member === undefined) return
  const timeLeft = Math.max(1, EXECUTION_TIME_LIMIT_MS - (Date.now() - startedAt))
  throwUnlessDelivered(await sendOneUser(request, connection, member, timeLeft), settings.apiKey)
}
