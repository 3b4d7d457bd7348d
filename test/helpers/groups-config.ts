import type { Subscription } from '../../src/translate/subscriptions.js'

export const path = (where: string) => ({ '@path': where })

/** Subscriptions of users, with the groups that they are in, and of groups, with the users who are in them. */
export const GROUP_SUBSCRIPTIONS: readonly [users: Subscription, groups: Subscription] = [
  {
    name: 'Users',
    enabled: true,
    subscribe: 'type = "identify"',
    partnerAction: 'identifyUser',
    mapping: {
      identifier: path('$.userId'),
      properties: path('$.traits'),
      groups: [{ identifier: path('$.context.groupId'), properties: path('$.context.account') }],
      timestamp: path('$.timestamp')
    }
  },
  {
    name: 'Groups',
    enabled: true,
    subscribe: 'type = "group"',
    partnerAction: 'identifyGroup',
    mapping: {
      identifier: path('$.groupId'),
      properties: path('$.traits'),
      user_identifier: path('$.userId'),
      timestamp: path('$.timestamp')
    }
  }
]
