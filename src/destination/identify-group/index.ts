import type { ActionDefinition, MultiStatusResponse } from '@segment/actions-core'
import type { Settings } from '../generated-types'
import { fields } from './fields'
import type { Payload } from './generated-types'
import { sendGroup } from './send-group'
import { sendGroupBatch } from './send-group-batch'

const action: ActionDefinition<Settings, Payload> = {
  title: 'Identify Group',
  description:
    "Create a group in Dopt, such as a company, or update its properties, and put the event's user into it. Needs the API setting Batch.",
  defaultSubscription: 'type = "group"',
  fields,
  perform: (request, data): Promise<void> => sendGroup(request, data),
  performBatch: (request, data): Promise<MultiStatusResponse> => sendGroupBatch(request, data)
}

export default action
