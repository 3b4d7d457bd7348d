import type { Api } from './destination/dopt-api.js'
import { ConfigurationError } from './options.js'
import { parseSubscriptions, SubscriptionError, type Subscription } from './translate/subscriptions.js'

/**
 * Checks the subscriptions of a config file, if it has any. Throws ConfigurationError. In a file of its own because it
 * loads Segment's library.
 */
export function readSubscriptions(given: unknown, api: Api): Subscription[] | undefined {
  try {
    return given === undefined ? undefined : parseSubscriptions(given, api)
  } catch (error) {
    throw error instanceof SubscriptionError ? new ConfigurationError(error.message) : error
  }
}
