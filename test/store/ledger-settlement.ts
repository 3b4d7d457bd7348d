import type { CallRecord, Settlement } from '../../src/store/store.js'
import type { Step } from './ledger-steps.js'

/** What the sender would record. `isLost`: the call took effect at Dopt, for some of its users at least. */
export function settlementOf(
  to: Extract<Step, { do: 'settle' }>['to'],
  at: number,
  delayMs: number,
  isLost: boolean
): Settlement {
  const call = (status: number | undefined): CallRecord => ({ at, status, code: undefined, error: undefined })
  const nextAttemptAt = at + delayMs
  switch (to) {
    case 'delivered':
      return { to, call: call(200) }
    case 'retrying':
      return { to, call: call(isLost ? undefined : 503), nextAttemptAt, countAttempt: true }
    case 'key-refused':
      return { to: 'retrying', call: call(401), nextAttemptAt, countAttempt: false }
    case 'failed':
      return { to, call: call(isLost ? undefined : 400) }
    case 'split':
      return { to, call: call(isLost ? 200 : 400) }
  }
}

/** An answer of 300 to 499 refuses the whole call; any other failure leaves open what Dopt did. */
export function isUncertain({ status }: CallRecord): boolean {
  return status === undefined || status < 300 || status >= 500
}
