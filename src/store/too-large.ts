import type { CallRecord, Subject } from './store.js'

/** Recorded in place of a call for a user, or a group, that is too large for one. */
export function tooLarge(subject: Subject, bytes: number, maxBodyBytes: number, at: number): CallRecord {
  const error = `the ${subject} is ${bytes} bytes, more than the ${maxBodyBytes} that a call may have: nothing was sent`
  return { isSent: false, at, status: undefined, code: `${subject}_too_large`, error }
}
