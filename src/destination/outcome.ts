/**
 * What an HTTP status from Dopt means for the users of a call:
 *
 * - `delivered`: Dopt has them.
 * - `retry`: a temporary failure; the same call may succeed later.
 * - `split`: Dopt does not accept something in the call. Halving it finds the user; a user alone is refused for good.
 * - `pause`: the key is refused. No user is to blame, and no call can succeed until the key is replaced.
 * - `misdirected`: the address is wrong. No user is to blame, and no call can succeed until the endpoint is corrected.
 * - `reject`: refused for good, for a reason that splitting and waiting do not change.
 */
export type Outcome = 'delivered' | 'retry' | 'split' | 'pause' | 'misdirected' | 'reject'

/** The statuses that differ from their class (`OUTCOME_BY_CLASS`). */
const OUTCOME_BY_STATUS: ReadonlyMap<number, Outcome> = new Map<number, Outcome>([
  [400, 'split'],
  [401, 'pause'],
  [403, 'pause'],
  [404, 'misdirected'],
  [405, 'misdirected'],
  [408, 'retry'],
  [409, 'retry'],
  [410, 'misdirected'],
  [413, 'split'],
  [422, 'split'],
  [423, 'retry'],
  [425, 'retry'],
  [429, 'retry'],
  [501, 'reject']
])

/** By the first digit of the status. A redirect is never followed: the key must not reach another host. */
const OUTCOME_BY_CLASS: ReadonlyMap<number, Outcome> = new Map<number, Outcome>([
  [2, 'delivered'],
  [3, 'misdirected'],
  [5, 'retry']
])

/** The mapping from status to outcome, for both the destination and the forwarder. Never throws. */
export function outcomeOf(status: number): Outcome {
  return OUTCOME_BY_STATUS.get(status) ?? OUTCOME_BY_CLASS.get(Math.floor(status / 100)) ?? 'reject'
}
