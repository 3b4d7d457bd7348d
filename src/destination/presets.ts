import { defaultValues } from '@segment/actions-core'
import type { DestinationDefinition } from '@segment/actions-core'
import type { Settings } from './generated-types'
import identifyUser from './identify-user'

const subscribe = 'type = "identify"'
const mapping = defaultValues(identifyUser.fields)

/**
 * Who a user is, in three ways of which one is enough: each of them sends every identify. There is none for groups, which
 * the API setting that a new destination has does not take.
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

/** The first of two places in the event that there is. */
function firstOf(path: string, otherwise: string) {
  return { '@if': { exists: { '@path': path }, then: { '@path': path }, else: { '@path': otherwise } } }
}
