import { destination } from './destination/index.js'
import { createForwarder as create, type Forwarder as Internal } from './forwarder.js'
import type { ForwarderOptions } from './options.js'

/** Stores Segment events durably and delivers them to Dopt in the background. */
export type Forwarder = Pick<
  Internal,
  'accept' | 'drain' | 'untilSettled' | 'books' | 'countStates' | 'totals' | 'close'
>

/**
 * Opens the store, becomes its only sender and starts to deliver. With `send: false` it only stores. Rejects with
 * ConfigurationError or StoreError (`in-use`: another process is sending from the store).
 */
export const createForwarder: (options?: ForwarderOptions) => Promise<Forwarder> = create

export type { Receipt, Rejection } from './forwarder.js'
export type { SenderTotals } from './delivery/totals.js'
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
