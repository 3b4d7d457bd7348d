import { parseSubscriptions, SubscriptionError } from '../translate/subscriptions.js'
import type { TranslatorOptions } from '../translate/translator.js'
import { api, nestedProperties, subscriptions } from './common-options.js'
import type { Config } from './config.js'
import { UsageError } from './errors.js'

/** How events are translated, as configured. Throws UsageError. */
export function translatorOptions(config: Config): TranslatorOptions {
  const given = config.get(subscriptions)
  try {
    return {
      nestedProperties: config.get(nestedProperties) ?? 'flatten',
      subscriptions: given === undefined ? undefined : parseSubscriptions(given, config.get(api) ?? 'bulk')
    }
  } catch (error) {
    throw error instanceof SubscriptionError ? new UsageError(error.message) : error
  }
}
