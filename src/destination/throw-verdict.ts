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

/** Returns if the call was delivered; otherwise throws the actions-core error that makes Segment retry, or not. */
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

/** Statuses that the error's type does not allow are retried as a 500. */
function retryableStatus(status: number): RetryableStatus {
  return RETRYABLE.find((known) => known === status) ?? 500
}
