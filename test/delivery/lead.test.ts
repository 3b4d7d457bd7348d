import { Lead } from '../../src/delivery/lead.js'

function leadAfter(concurrency: number, ...callsMs: number[]): number {
  const lead = new Lead(concurrency)
  for (const ms of callsMs) lead.take(ms)
  return lead.batches
}

const many = (ms: number): number[] => Array.from({ length: 100 }, () => ms)

test('before the first call has ended nothing is known', () => {
  expect(leadAfter(8)).toBe(0)
})

test('short calls need none, and long ones as many as end while the store is busy for 50 ms', () => {
  expect([19, 21, 51, 101, 201, 1000].map((ms) => leadAfter(8, ...many(ms)))).toEqual([0, 8, 8, 4, 2, 1])
  expect(leadAfter(1, ...many(30_000))).toBe(1)
})

test('one call that takes long does not decide, the first of all included', () => {
  expect(leadAfter(4, 100)).toBe(0)
  expect(leadAfter(4, ...many(5), 100)).toBe(0)
  expect(leadAfter(4, ...many(5), ...many(100).slice(0, 5))).toBeGreaterThan(0)
})
