import { Suspects } from '../../src/delivery/suspects.js'
import type { CallResult } from '../../src/dopt/call-result.js'

function result(fields: Partial<CallResult>): CallResult {
  const nothing = { status: undefined, code: undefined, message: undefined, retryAfterMs: undefined }
  return { outcome: 'retry', ...nothing, durationMs: 1, ...fields }
}

const DELIVERED = result({ outcome: 'delivered', status: 200 })
const many = (id: number) => ({ id, entries: { length: 100 } })
const alone = (id: number) => ({ id, entries: { length: 1 } })

/** How often a batch has failed when it is found guilty, with these answers to other batches between its failures. */
function failuresUntilGuilty(
  batch: ReturnType<typeof many>,
  own: CallResult,
  others: readonly CallResult[],
  most = 100
): number | undefined {
  const suspects = new Suspects()
  let id = 1000
  for (let failures = 1; failures <= most; failures++) {
    if (suspects.take(batch, own)) return failures
    for (const other of others) suspects.take(many(id++), other)
  }
  return undefined
}

describe('a batch that trouble follows around', () => {
  test.each<[string, Partial<CallResult>]>([
    ['a server error', { status: 500 }],
    ['a connection that breaks off', { code: 'network_error' }],
    ['a call that is not answered', { code: 'timeout' }],
    ['a conflict', { status: 409 }],
    ['an answer that is not understood', { status: 207, code: 'unexpected_answer' }]
  ])('is taken apart after three failures, when it is %s', (_, fields) => {
    expect(failuresUntilGuilty(many(1), result(fields), [DELIVERED])).toBe(3)
  })

  test.each<[string, Partial<CallResult>]>([
    ['that it is too much', { status: 429 }],
    ['to come back later', { status: 503, retryAfterMs: 1000 }],
    ['nothing, for we cut the call short', { code: 'aborted' }]
  ])('is left together when Dopt says %s', (_, fields) => {
    expect(failuresUntilGuilty(many(1), result(fields), [DELIVERED])).toBeUndefined()
  })

  test('is left together when nothing else is delivered either', () => {
    expect(failuresUntilGuilty(many(1), result({ status: 500 }), [])).toBeUndefined()
    expect(failuresUntilGuilty(many(1), result({ status: 500 }), [result({ status: 500 })])).toBeUndefined()
  })

  test('is left together in a brown-out, in which most calls fail', () => {
    const trouble = result({ status: 503 })
    expect(failuresUntilGuilty(many(1), trouble, [trouble, trouble, trouble, DELIVERED])).toBeUndefined()
    expect(failuresUntilGuilty(many(1), trouble, [trouble, DELIVERED])).toBe(3)
  })
})

describe('a user alone that trouble follows around', () => {
  test('is given up for a server error, later than a batch is taken apart', () => {
    expect(failuresUntilGuilty(alone(1), result({ status: 500 }), [DELIVERED])).toBe(11)
  })

  test('is not given up while more than one call in five fails: that may be the endpoint', () => {
    const trouble = result({ status: 503 })
    expect(failuresUntilGuilty(alone(1), trouble, [trouble, DELIVERED, DELIVERED, DELIVERED])).toBeUndefined()
    expect(failuresUntilGuilty(alone(1), trouble, [trouble, ...Array<CallResult>(4).fill(DELIVERED)])).toBe(11)
  })

  test('is not given up for want of an answer: only the retry window ends that', () => {
    expect(failuresUntilGuilty(alone(1), result({ code: 'timeout' }), [DELIVERED])).toBeUndefined()
  })

  test('is above suspicion again once it was delivered', () => {
    const suspects = new Suspects()
    for (let failure = 0; failure < 10; failure++) {
      expect(suspects.take(alone(1), result({ status: 500 }))).toBe(false)
      suspects.take(many(2), DELIVERED)
    }
    suspects.take(alone(1), DELIVERED)
    expect(suspects.take(alone(1), result({ status: 500 }))).toBe(false)
  })
})
