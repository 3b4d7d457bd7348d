import type { DestinationDefinition } from '@segment/actions-core'
import { keyHeader } from './connection'
import type { Settings } from './generated-types'
import identifyGroup from './identify-group'
import identifyUser from './identify-user'
import { DEFAULT_ENDPOINT } from './limits'
import { presets } from './presets'
import { testAuthentication } from './test-authentication'
import { DOPT_USERS_API_GENERATION } from './versioning-info'

export * from './dopt-api'
export type { Settings } from './generated-types'
export type { Payload } from './identify-user/generated-types'
export type { Payload as GroupPayload } from './identify-group/generated-types'

/** The destination definition for Segment. It has no `onDelete`: Dopt has no endpoint that deletes a user. */
export const destination: DestinationDefinition<Settings> = {
  // Not `Dopt (Actions)`: actions-core uses the name as the start of each schema's id, a URI. Since fast-uri 3.1.9, a
  // space or parenthesis there makes the validation of every event fail.
  name: 'Dopt',
  slug: 'actions-dopt',
  mode: 'cloud',
  description: 'Send users, their traits and groups to Dopt in batches, for targeting product flows.',

  authentication: {
    scheme: 'custom',
    fields: {
      apiKey: {
        label: 'API Key',
        description: "Dopt's users API key. It is a secret: do not use the key of a browser source.",
        type: 'password',
        required: true
      },
      endpoint: {
        label: 'Endpoint',
        description: "The http or https address of Dopt's users API. Change it only if Dopt tells you to.",
        type: 'string',
        default: DEFAULT_ENDPOINT
      },
      api: {
        label: 'API',
        description: "Which generation of Dopt's users API to use. Change it only if Dopt tells you to.",
        type: 'string',
        choices: [
          { label: 'Bulk', value: 'bulk' },
          { label: 'Batch', value: 'batch' }
        ],
        default: DOPT_USERS_API_GENERATION
      }
    },
    testAuthentication
  },

  extendRequest: ({ settings }) => {
    const key = keyHeader(settings)
    return key === undefined ? {} : { headers: { 'x-api-key': key } }
  },

  presets,

  actions: { identifyUser, identifyGroup }
}

export default destination
