import { outcomeOf, type Outcome } from '../../src/destination/index.js'

const EXPECTED: Record<Outcome, number[]> = {
  delivered: [200, 201, 202, 204, 207, 299],
  retry: [408, 409, 423, 425, 429, 500, 502, 503, 504, 520, 599],
  split: [400, 413, 422],
  pause: [401, 403],
  misdirected: [300, 301, 302, 303, 304, 307, 308, 404, 405, 410],
  reject: [402, 406, 411, 414, 415, 418, 431, 451, 501]
}

describe('outcomeOf', () => {
  const cases = Object.entries(EXPECTED).flatMap(([outcome, statuses]) => statuses.map((status) => [status, outcome]))

  test.each(cases)('takes %i for %s', (status, outcome) => {
    expect(outcomeOf(Number(status))).toBe(outcome)
  })

  test.each([0, 100, 199, 600, 999, -1, NaN, Infinity])('rejects the impossible status %p', (status) => {
    expect(outcomeOf(status)).toBe('reject')
  })
})
