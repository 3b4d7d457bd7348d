/** The most users that Dopt accepts in one call. */
export const MAX_USERS_PER_CALL = 100

/** The largest body of a many-users call, in bytes. Dopt documents no limit of its own. */
export const DEFAULT_MAX_BODY_BYTES = 500_000

/** The address of Dopt's users API, unless the setting `endpoint` says otherwise. */
export const DEFAULT_ENDPOINT = 'https://users.dopt.com'

/** Our time limit for one execution: below Segment's ten seconds, so that we can still answer. */
export const EXECUTION_TIME_LIMIT_MS = 9_000

/** No call is started with less time left than this: it would probably be cut off, and its result unknown. */
export const MIN_CALL_TIME_MS = 500

/** Dopt accepts one group per call: this many calls run at once, to get through a batch in time. */
export const MAX_GROUP_CALLS_AT_ONCE = 5

/**
 * The longest percent-encoded identifier to put into a path. Servers commonly refuse request lines above 4 to 8 KB.
 */
export const MAX_IDENTIFIER_PATH_LENGTH = 2_000

/** The most names that a flattened name may join. Objects nested deeper become JSON text. */
export const MAX_FLATTEN_DEPTH = 32

/**
 * An object with a longer name becomes JSON text: the name would be repeated for each of its properties, and make
 * megabytes of a few kilobytes.
 */
export const MAX_FLATTEN_NAME_LENGTH = 256

/** The most characters of Dopt's error that our messages repeat. */
export const MAX_QUOTED_LENGTH = 300
