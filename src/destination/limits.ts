/** The most users that Dopt takes in one call. */
export const MAX_USERS_PER_CALL = 100

/** The most bytes that we put into the body of one call with many users. Dopt documents no limit of its own. */
export const DEFAULT_MAX_BODY_BYTES = 500_000

/** Where Dopt's users API lives, unless the setting `endpoint` says otherwise. */
export const DEFAULT_ENDPOINT = 'https://users.dopt.com'

/** How long Segment lets one request take. */
export const SEGMENT_REQUEST_TIMEOUT_MS = 10_000

/** How long one of our executions may take altogether: less than Segment gives, so that the answer is still ours. */
export const EXECUTION_TIME_LIMIT_MS = 9_000

/** A call is not begun when less than this is left: it would most likely be cut off, and its result be unknown. */
export const MIN_CALL_TIME_MS = 500

/** Dopt takes one group a call: so many calls are under way at a time, to get through a batch in the time there is. */
export const MAX_GROUP_CALLS_AT_ONCE = 5

/** The longest percent-encoded identifier that goes into a path. Servers commonly refuse request lines above 4 to 8 KB. */
export const MAX_IDENTIFIER_PATH_LENGTH = 2_000

/** How many names a flattened name is made of at most. What is nested deeper becomes JSON text. */
export const MAX_FLATTEN_DEPTH = 32

/** The most characters of Dopt's own words that are repeated in a message of ours. */
export const MAX_QUOTED_LENGTH = 300
