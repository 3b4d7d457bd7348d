// Generated file. DO NOT MODIFY IT BY HAND.

export interface Payload {
  /**
   * The identifier of the group in Dopt. It should never change. Events without an identifier are not sent.
   */
  identifier: string
  /**
   * The properties to set for the group. A null sets the property to null; properties that are not sent keep their value in Dopt.
   */
  properties?: {
    [k: string]: unknown
  }
  /**
   * The identifier of the user to put into the group. The user is created if Dopt does not have it yet. If the event has none, no user is added.
   */
  user_identifier?: string
  /**
   * How to send objects and arrays, which Dopt's targeting does not support. Flatten sends the city of an address as address_city, and an array as its JSON text.
   */
  nested_properties?: string
  /**
   * When the event happened. It decides which of a group's events in a batch is the newest; it is not sent to Dopt. An event without a valid timestamp counts as having happened when it is sent.
   */
  timestamp?: string
  /**
   * Handle group events in batches: several events for one group are merged into one call.
   */
  enable_batching?: boolean
  /**
   * How many events Segment puts into one batch. Dopt accepts at most 100 users per call.
   */
  batch_size?: number
}
