import type { ActionDefinition, MultiStatusResponse } from '@segment/actions-core'
import type { Settings } from '../generated-types'
import { fields } from './fields'
import type { Payload } from './generated-types'
import { sendBatch } from './send-batch'
import { sendUser } from './send-user'

const action: ActionDefinition<Settings, Payload> = {
  title: 'Identify User',
  description: "Create a user in Dopt, or update a user's properties.",
  defaultSubscription: 'type = "identify"',
  fields,
  perform: (request, data): Promise<void> => sendUser(request, data),
  performBatch: (request, data): Promise<MultiStatusResponse> => sendBatch(request, data)
}

export default action
