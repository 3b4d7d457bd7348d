import { PayloadValidationError } from '@segment/actions-core'
import type { ExecuteInput, RequestClient } from '@segment/actions-core'
import { connect } from '../connection'
import type { Settings } from '../generated-types'
import { GROUPS_NEED_BATCH, takesGroups } from '../groups'
import { EXECUTION_TIME_LIMIT_MS } from '../limits'
import { sendOneUser } from '../send-one'
import { throwUnlessDelivered } from '../throw-verdict'
import type { Payload } from './generated-types'
import { isIdentifier, NO_IDENTIFIER, toUserEntry } from './user-update'

/**
 * Sends one user. Resolves when Dopt has it; otherwise rejects with the actions-core error that makes Segment retry, or
 * not.
 */
export async function sendUser(
  request: RequestClient,
  { payload, settings }: Pick<ExecuteInput<Settings, Payload>, 'payload' | 'settings'>
): Promise<void> {
  const connection = connect(settings)
  if (!isIdentifier(payload.identifier)) throw new PayloadValidationError(NO_IDENTIFIER)
  const user = toUserEntry(payload)
  if (user.groups !== undefined && !takesGroups(connection.api)) throw new PayloadValidationError(GROUPS_NEED_BATCH)
  throwUnlessDelivered(await sendOneUser(request, connection, user, EXECUTION_TIME_LIMIT_MS), settings.apiKey)
}
