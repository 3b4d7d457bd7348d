import type { ActionDefinition } from '@segment/actions-core'
import type { Settings } from '../generated-types'
import { batchSize, nestedProperties } from '../shared-fields'

export const fields: ActionDefinition<Settings>['fields'] = {
  identifier: {
    label: 'Identifier',
    description:
      "The identifier of the user in Dopt. It should never change: use your database's user ID. Events without an identifier are not sent.",
    type: 'string',
    required: true,
    default: { '@path': '$.userId' }
  },
  properties: {
    label: 'Properties',
    description:
      'The properties to set for the user. A null sets the property to null; properties that are not sent keep their value in Dopt.',
    type: 'object',
    default: { '@path': '$.traits' }
  },
  groups: {
    label: 'Groups',
    description:
      'The groups, such as companies, to put the user into. None are sent unless this is mapped. Needs the API setting Batch. Groups without an identifier are left out.',
    type: 'object',
    multiple: true,
    defaultObjectUI: 'keyvalue',
    properties: {
      identifier: {
        label: 'Identifier',
        description: "The identifier of the group in Dopt, such as the group ID in the event's context.",
        type: 'string'
      },
      properties: {
        label: 'Properties',
        description: 'The properties to set for the group. Properties that are not sent keep their value in Dopt.',
        type: 'object'
      }
    }
  },
  nested_properties: nestedProperties,
  timestamp: {
    label: 'Timestamp',
    description:
      "When the event happened. It decides which of a user's events in a batch is the newest; it is not sent to Dopt. An event without a valid timestamp counts as having happened when it is sent.",
    // Not `datetime`: a malformed timestamp would make the whole event invalid.
    type: 'string',
    default: { '@path': '$.timestamp' }
  },
  enable_batching: {
    label: 'Batch Users',
    description: 'Send users to Dopt in batches rather than one by one.',
    type: 'boolean',
    default: true
  },
  batch_size: batchSize
}
