/** What the sender has done since it started. */
export interface SenderTotals {
  /** Calls made, whatever their result. */
  calls: number
  /** Users in the calls that were delivered. */
  users: number
  /** Calls with a group that were delivered. */
  groups: number
  delivered: number
  superseded: number
  failed: number
}

export function noTotals(): SenderTotals {
  return { calls: 0, users: 0, groups: 0, delivered: 0, superseded: 0, failed: 0 }
}
