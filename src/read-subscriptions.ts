import { ConfigurationError, type ResolvedOptions } from './options.js'
import { parseSubscriptions, SubscriptionError } from './translate/subscriptions.js'

/**
 * The options with their subscriptions read, as a config file may have them. Throws ConfigurationError. Apart from the other
 * options, for it takes Segment's whole library, which a program had better load while its store is being opened.
 */
export function readSubscriptions(options: ResolvedOptions): ResolvedOptions {
  const { subscriptions, api } = options
  if (subscriptions === undefined) return options
  try {
    return { ...options, subscriptions: parseSubscriptions(subscriptions, api) }
  } catch (error) {
    throw error instanceof SubscriptionError ? new ConfigurationError(error.message) : error
  }
}
