import {
  APIError,
  getErrorCodeFromHttpStatus,
  IntegrationError,
  InvalidAuthenticationError,
  PayloadValidationError,
  RetryableError
} from '@segment/actions-core'
import { explain } from './verdict'
import type { Verdict } from './verdict'

/** Returns when Dopt has what was sent; throws the error of actions-core that makes Segment do the right thing. */
export function throwUnlessDelivered(verdict: Verdict, apiKey: string): void {
  const message = explain(verdict, apiKey)
  switch (verdict.outcome) {
    case 'delivered':
      return
    case 'retry':
      throw new RetryableError(message, retryableStatus(verdict.status))
    case 'split':
      throw new PayloadValidationError(message)
    case 'pause':
      throw new InvalidAuthenticationError(message)
    case 'misdirected':
      throw new IntegrationError(message, getErrorCodeFromHttpStatus(verdict.status), verdict.status)
    case 'reject':
      throw new APIError(message, verdict.status)
  }
}

type RetryableStatus = RetryableError['status']

const RETRYABLE: readonly RetryableStatus[] = [408, 423, 429, 500, 502, 503, 504]

/** Statuses that the error's type does not know are retried as a 500. */
function retryableStatus(status: number): RetryableStatus {
  return RETRYABLE.find((known) => known === status) ?? 500
}
