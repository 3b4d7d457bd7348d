// Generated file. DO NOT MODIFY IT BY HAND.

export interface Payload {
  /**
   * The identifier of the group in Dopt. It should never change. Events without one are not sent.
   */
  identifier: string
  /**
   * The properties to set for the group. A property that is null is set to null; a property that is left out keeps the value it has in Dopt.
   */
  properties?: {
    [k: string]: unknown
  }
  /**
   * The identifier of the user who is in the group. The user is put into it, and created where Dopt does not know the user yet. Nobody is when the event has none.
   */
  user_identifier?: string
  /**
   * How to send objects and arrays, which Dopt's targeting does not support. Flatten sends the city of an address as address_city, and an array as its JSON text.
   */
  nested_properties?: string
  /**
   * When the event happened. It decides which of several events of one group in a batch is the newest, and is not sent to Dopt. An event without a valid timestamp counts as happening when it is sent.
   */
  timestamp?: string
  /**
   * Handle group events in batches: what several of them say of one group is sent to Dopt in one call.
   */
  enable_batching?: boolean
  /**
   * How many events Segment puts into one batch, at most 100: Dopt takes no more users in one call.
   */
  batch_size?: number
}
