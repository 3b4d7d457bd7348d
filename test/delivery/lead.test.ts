import { Lead } from '../../src/delivery/lead.js'

function leadAfter(concurrency: number, ...callsMs: number[]): number {
  const lead = new Lead(concurrency)
  for (const ms of callsMs) lead.take(ms)
  return lead.batches
}

test('before the first call has ended nothing is known', () => {
  expect(leadAfter(8)).toBe(0)
})

test('short calls need none, and long ones as many as end while the store is busy for 50 ms', () => {
  expect([19, 20, 50, 100, 200, 1000].map((ms) => leadAfter(8, ms))).toEqual([0, 8, 8, 4, 2, 1])
  expect(leadAfter(1, 30_000)).toBe(1)
})

test('one call that takes long does not decide', () => {
  expect(leadAfter(4, 5, 5, 5, 100)).toBe(0)
  expect(leadAfter(4, ...Array.from({ length: 20 }, () => 100))).toBe(2)
})
