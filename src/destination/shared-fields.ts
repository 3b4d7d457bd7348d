import type { InputField } from '@segment/actions-core'
import { MAX_USERS_PER_CALL } from './limits'

export const nestedProperties: InputField = {
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
}

export const batchSize: InputField = {
  label: 'Batch Size',
  description: `How many events Segment puts into one batch. Dopt accepts at most ${MAX_USERS_PER_CALL} users per call.`,
  type: 'number',
  default: MAX_USERS_PER_CALL,
  minimum: 1,
  maximum: MAX_USERS_PER_CALL
}
