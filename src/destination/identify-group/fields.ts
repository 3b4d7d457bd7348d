import type { ActionDefinition } from '@segment/actions-core'
import type { Settings } from '../generated-types'
import { batchSize, nestedProperties } from '../shared-fields'

export const fields: ActionDefinition<Settings>['fields'] = {
  identifier: {
    label: 'Identifier',
    description: 'The identifier of the group in Dopt. It should never change. Events without one are not sent.',
    type: 'string',
    required: true,
    default: { '@path': '$.groupId' }
  },
  properties: {
    label: 'Properties',
    description:
      'The properties to set for the group. A property that is null is set to null; a property that is left out keeps the value it has in Dopt.',
    type: 'object',
    default: { '@path': '$.traits' }
  },
  user_identifier: {
    label: 'User Identifier',
    description:
      'The identifier of the user who is in the group. The user is put into it, and created where Dopt does not know the user yet. Nobody is when the event has none.',
    type: 'string',
    default: { '@path': '$.userId' }
  },
  nested_properties: nestedProperties,
  timestamp: {
    label: 'Timestamp',
    description:
      'When the event happened. It decides which of several events of one group in a batch is the newest, and is not sent to Dopt. An event without a valid timestamp counts as happening when it is sent.',
    type: 'string',
    default: { '@path': '$.timestamp' }
  },
  enable_batching: {
    label: 'Batch Groups',
    description: 'Handle group events in batches: what several of them say of one group is sent to Dopt in one call.',
    type: 'boolean',
    default: true
  },
  batch_size: batchSize
}
