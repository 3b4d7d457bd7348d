import { formatAge, formatCount, formatDuration, formatRate } from '../../src/cli/format-number.js'

const SECOND = 1000
const HOUR = 3600 * SECOND

it('groups the digits of counts', () => {
  expect([0, 999, 1234, 1_234_567].map(formatCount)).toEqual(['0', '999', '1,234', '1,234,567'])
})

it.each([
  [0, '0 ms'],
  [850.4, '850 ms'],
  [999.6, '1.0 s'],
  [1234, '1.2 s'],
  [59_949, '59.9 s'],
  [59_950, '1 m'],
  [200 * SECOND, '3 m 20 s'],
  [HOUR - 400, '1 h'],
  [2 * HOUR + 300 * SECOND, '2 h 5 m'],
  [24 * HOUR - 1, '1 d'],
  [76 * HOUR, '3 d 4 h'],
  [-5, '0 ms']
])('writes a duration of %d ms as %j', (durationMs, text) => {
  expect(formatDuration(durationMs)).toBe(text)
})

it.each([
  [-5000, '0 s'],
  [999, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 m'],
  [HOUR - 1, '59 m'],
  [23.9 * HOUR, '23 h'],
  [24 * HOUR * 1500, '1,500 d']
])('writes an age of %d ms as %j', (ageMs, text) => {
  expect(formatAge(ageMs)).toBe(text)
})

it.each([
  [0, 1000, '0/s'],
  [5, 0, '0/s'],
  [34, 10_000, '3.4/s'],
  [9.96, 1000, '10/s'],
  [2468, 2000, '1,234/s']
])('writes %d in %d ms as %j', (count, durationMs, text) => {
  expect(formatRate(count, durationMs)).toBe(text)
})
