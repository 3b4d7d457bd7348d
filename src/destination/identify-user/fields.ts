import type { ActionDefinition } from '@segment/actions-core'
import { MAX_USERS_PER_CALL } from '../limits'
import type { Settings } from '../generated-types'

export const fields: ActionDefinition<Settings>['fields'] = {
  identifier: {
    label: 'Identifier',
    description:
      'The identifier of the user in Dopt. It should never change, as the user ID of your database does not. Events without one are not sent.',
    type: 'string',
    required: true,
    default: { '@path': '$.userId' }
  },
  properties: {
    label: 'Properties',
    description:
      'The properties to set for the user. A property that is null is set to null; a property that is left out keeps the value it has in Dopt.',
    type: 'object',
    default: { '@path': '$.traits' }
  },
  nested_properties: {
    label: 'Nested Properties',
    description:
      "How to send objects and arrays, which Dopt's targeting does not support. Flatten sends the city of an address as address_city, and an array as its JSON text.",
    type: 'string',
    choices: [
      { label: 'Flatten', value: 'flatten' },
      { label: 'Send as JSON text', value: 'stringify' },
      { label: 'Leave out', value: 'drop' }
    ],
    default: 'flatten'
  },
  timestamp: {
    label: 'Timestamp',
    description:
      'When the event happened. It decides which of several events of one user in a batch is the newest, and is not sent to Dopt. An event without a valid timestamp counts as happening when it is sent.',
    // Not `datetime`, which refuses the whole event when its timestamp is malformed.
    type: 'string',
    default: { '@path': '$.timestamp' }
  },
  enable_batching: {
    label: 'Batch Users',
    description: 'Send users to Dopt in batches rather than one by one.',
    type: 'boolean',
    default: true
  },
  batch_size: {
    label: 'Batch Size',
    description: `How many events Segment puts into one batch, at most ${MAX_USERS_PER_CALL}: Dopt takes no more users in one call.`,
    type: 'number',
    default: MAX_USERS_PER_CALL,
    minimum: 1,
    maximum: MAX_USERS_PER_CALL
  }
}
