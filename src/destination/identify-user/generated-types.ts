// Generated file. DO NOT MODIFY IT BY HAND.

export interface Payload {
  /**
   * The identifier of the user in Dopt. It should never change: use your database's user ID. Events without an identifier are not sent.
   */
  identifier: string
  /**
   * The properties to set for the user. A null sets the property to null; properties that are not sent keep their value in Dopt.
   */
  properties?: {
    [k: string]: unknown
  }
  /**
   * The groups, such as companies, to put the user into. None are sent unless this is mapped. Needs the API setting Batch. Groups without an identifier are left out.
   */
  groups?: {
    /**
     * The identifier of the group in Dopt, such as the group ID in the event's context.
     */
    identifier?: string
    /**
     * The properties to set for the group. Properties that are not sent keep their value in Dopt.
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
   * When the event happened. It decides which of a user's events in a batch is the newest; it is not sent to Dopt. An event without a valid timestamp counts as having happened when it is sent.
   */
  timestamp?: string
  /**
   * Send users to Dopt in batches rather than one by one.
   */
  enable_batching?: boolean
  /**
   * How many events Segment puts into one batch. Dopt accepts at most 100 users per call.
   */
  batch_size?: number
}
