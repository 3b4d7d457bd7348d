import fc from 'fast-check'
import { decide } from '../../src/delivery/decide.js'
import { backoffMs } from '../../src/delivery/retry-policy.js'
import type { CallResult } from '../../src/dopt/call-result.js'

const OPTIONS = { backoff: { baseMs: 500, maxMs: 60_000 }, retryWindowMs: 3_600_000 }
const NOW = 1_790_000_000_000

function result(fields: Partial<CallResult>): CallResult {
  return {
    outcome: 'retry',
    status: undefined,
    code: undefined,
    message: undefined,
    retryAfterMs: undefined,
    durationMs: 1,
    ...fields
  }
}

const batch = (users: number, attempts = 0, createdAt = NOW) => ({ entries: { length: users }, attempts, createdAt })

describe('what a result means for a batch', () => {
  test('what is refused for its content is split, a user alone is failed', () => {
    expect(decide(batch(2), result({ outcome: 'split', status: 400 }), OPTIONS, NOW, 0.5).to).toBe('split')
    expect(decide(batch(1), result({ outcome: 'split', status: 400 }), OPTIONS, NOW, 0.5).to).toBe('failed')
  })

  test('what is refused for good is failed whole', () => {
    expect(decide(batch(50), result({ outcome: 'reject', status: 501 }), OPTIONS, NOW, 0.5).to).toBe('failed')
  })

  test('a code of Dopt’s that looks like ours for a shutdown is trouble like any other', () => {
    expect(decide(batch(5), result({ status: 503, code: 'aborted' }), OPTIONS, NOW, 1)).toMatchObject({
      to: 'retrying',
      nextAttemptAt: NOW + 500,
      countAttempt: true
    })
  })

  test('a refused key and a shutdown count no attempt, and the batch is due at once', () => {
    for (const given of [result({ outcome: 'pause', status: 401 }), result({ code: 'aborted' })]) {
      expect(decide(batch(5, 3), given, OPTIONS, NOW, 0.5)).toMatchObject({
        to: 'retrying',
        nextAttemptAt: NOW,
        countAttempt: false
      })
    }
  })

  test('a wrong address is retried, so that a mended endpoint delivers what waited', () => {
    expect(decide(batch(5), result({ outcome: 'misdirected', status: 404 }), OPTIONS, NOW, 1)).toMatchObject({
      to: 'retrying',
      nextAttemptAt: NOW + 500,
      countAttempt: true
    })
  })

  test('trouble is retried within the window and failed after it, with the words of Dopt', () => {
    const trouble = result({ status: 503, code: 'busy', message: 'come back' })
    expect(decide(batch(5, 2), trouble, OPTIONS, NOW, 1)).toMatchObject({ to: 'retrying', nextAttemptAt: NOW + 2000 })
    expect(decide(batch(5, 2, NOW - 3_600_000), trouble, OPTIONS, NOW, 1)).toEqual({
      to: 'failed',
      call: { at: NOW, status: 503, code: 'busy', error: 'come back' }
    })
  })

  test('a suspect is taken apart, or failed when it is alone', () => {
    expect(decide(batch(5), result({ status: 500 }), OPTIONS, NOW, 1, true).to).toBe('split')
    expect(decide(batch(1), result({ status: 500 }), OPTIONS, NOW, 1, true).to).toBe('failed')
  })
})

test('backoff stays between the floor and the doubled base, capped, for any attempt', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat({ max: 1e6 }),
      (attempt, random, retryAfterMs) => {
        const wait = backoffMs(attempt, { baseMs: 500, maxMs: 60_000 }, random, retryAfterMs)
        expect(wait).toBeGreaterThanOrEqual(retryAfterMs)
        expect(wait).toBeLessThanOrEqual(Math.max(retryAfterMs, Math.min(60_000, 500 * 2 ** (attempt - 1))))
      }
    )
  )
})
