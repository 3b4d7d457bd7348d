import type { ActionDefinition } from '@segment/actions-core'
import type { Settings } from '../generated-types'
import { batchSize, nestedProperties } from '../shared-fields'

export const fields: ActionDefinition<Settings>['fields'] = {
  identifier: {
    label: 'Identifier',
    description:
      'The identifier of the group in Dopt. It should never change. Events without an identifier are not sent.',
    type: 'string',
    required: true,
    default: { '@path': '$.groupId' }
  },
  properties: {
    label: 'Properties',
    description:
      'The properties to set for the group. A null sets the property to null; properties that are not sent keep their value in Dopt.',
    type: 'object',
    default: { '@path': '$.traits' }
  },
  user_identifier: {
    label: 'User Identifier',
    description:
      'The identifier of the user to put into the group. The user is created if Dopt does not have it yet. If the event has none, no user is added.',
    type: 'string',
    default: { '@path': '$.userId' }
  },
  nested_properties: nestedProperties,
  timestamp: {
    label: 'Timestamp',
    description:
      "When the event happened. It decides which of a group's events in a batch is the newest; it is not sent to Dopt. An event without a valid timestamp counts as having happened when it is sent.",
    type: 'string',
    default: { '@path': '$.timestamp' }
  },
  enable_batching: {
    label: 'Batch Groups',
    description: 'Handle group events in batches: several events for one group are merged into one call.',
    type: 'boolean',
    default: true
  },
  batch_size: batchSize
}
