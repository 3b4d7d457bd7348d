import { readSubscriptions } from '../read-subscriptions.js'
import type { TranslatorOptions } from '../translate/translator.js'
import { api, nestedProperties, subscriptions } from './common-options.js'
import type { Config } from './config.js'

/** How events are translated, as configured. Throws ConfigurationError. */
export function translatorOptions(config: Config): TranslatorOptions {
  return {
    nestedProperties: config.get(nestedProperties) ?? 'flatten',
    subscriptions: readSubscriptions(config.get(subscriptions), config.get(api) ?? 'bulk')
  }
}
