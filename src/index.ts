import { destination } from './destination/index.js'

export { createForwarder, type AcceptOptions, type Forwarder, type Receipt, type Rejection } from './forwarder.js'
export type { SettledReason } from './delivery/settled.js'
export type { Api, NestedProperties } from './destination/dopt-api.js'
export { doptPlugin, type DoptPlugin, type EventContext } from './intake/plugin/dopt-plugin.js'
export { ConfigurationError, type ForwarderOptions } from './options.js'
export { StoreError, type StoreErrorCode } from './store/errors.js'
export type { Books, EndpointState, EventCounts, EventState, SeqRange } from './store/store.js'
export type { IgnoredReason } from './translate/translation.js'
export type { Subscription } from './translate/subscriptions.js'
export type { Logger } from './delivery/logger.js'
export { destination }
export default destination
