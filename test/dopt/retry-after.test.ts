import { parseRetryAfter } from '../../src/dopt/retry-after.js'

test.each([
  ['in seconds', '999999999'],
  ['as a date', 'Fri, 01 Jan 2100 00:00:00 GMT']
])('a Retry-After %s is a day at most', (_how, value) => {
  expect(parseRetryAfter(value, 0)).toBe(24 * 3_600_000)
})
