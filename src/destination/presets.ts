import { defaultValues } from '@segment/actions-core'
import type { DestinationDefinition } from '@segment/actions-core'
import type { Settings } from './generated-types'
import identifyUser from './identify-user'

const subscribe = 'type = "identify"'
const mapping = defaultValues(identifyUser.fields)

/**
 * Three ways to identify users, to choose one from: each sends every identify. There is no preset for groups, because
 * the default API setting does not support them.
 */
export const presets: NonNullable<DestinationDefinition<Settings>['presets']> = [
  {
    name: 'Identify User',
    type: 'automatic',
    partnerAction: 'identifyUser',
    subscribe,
    mapping
  },
  {
    name: 'Identify User by User ID or Anonymous ID',
    type: 'automatic',
    partnerAction: 'identifyUser',
    subscribe,
    mapping: {
      ...mapping,
      identifier: firstOf('$.userId', '$.anonymousId')
    }
  },
  {
    name: 'Identify User by Email',
    type: 'automatic',
    partnerAction: 'identifyUser',
    subscribe,
    mapping: {
      ...mapping,
      identifier: firstOf('$.traits.email', '$.context.traits.email')
    }
  }
]

/** The value at the first of two paths that exists. */
function firstOf(path: string, otherwise: string) {
  return { '@if': { exists: { '@path': path }, then: { '@path': path }, else: { '@path': otherwise } } }
}
