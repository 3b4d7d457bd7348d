// Generated file. DO NOT MODIFY IT BY HAND.

export interface Payload {
  /**
   * The identifier of the user in Dopt. It should never change, as the user ID of your database does not. Events without one are not sent.
   */
  identifier: string
  /**
   * The properties to set for the user. A property that is null is set to null; a property that is left out keeps the value it has in Dopt.
   */
  properties?: {
    [k: string]: unknown
  }
  /**
   * The groups, such as companies, to put the user into. Nothing is sent while this is not mapped. It needs the API setting Batch. Groups without an identifier are left out.
   */
  groups?: {
    /**
     * The identifier of the group in Dopt, such as the group ID in the context of an event.
     */
    identifier?: string
    /**
     * The properties to set for the group. What is left out keeps the value it has in Dopt.
     */
    properties?: {
      [k: string]: unknown
    }
  }[]
  /**
   * How to send objects and arrays, which Dopt's targeting does not support. Flatten sends the city of an address as address_city, and an array as its JSON text.
   */
  nested_properties?: string
  /**
   * When the event happened. It decides which of several events of one user in a batch is the newest, and is not sent to Dopt. An event without a valid timestamp counts as happening when it is sent.
   */
  timestamp?: string
  /**
   * Send users to Dopt in batches rather than one by one.
   */
  enable_batching?: boolean
  /**
   * How many events Segment puts into one batch, at most 100: Dopt takes no more users in one call.
   */
  batch_size?: number
}
