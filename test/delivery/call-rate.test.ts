import { CallRate } from '../../src/delivery/call-rate.js'

const NOW = 1_790_000_000_000
const HOUR_MS = 3_600_000

test('calls are as far apart as the rate says, however many are asked for', () => {
  const rate = new CallRate(5)
  const starts: number[] = []
  for (let now = NOW; now < NOW + 1000; now += 10) {
    if (rate.waitMs(now) > 0) continue
    rate.take(now)
    starts.push(now - NOW)
  }
  expect(starts).toEqual([0, 200, 400, 600, 800])
})

test('without a rate every moment will do, also one that came before', () => {
  const rate = new CallRate(undefined)
  rate.take(NOW)
  for (const now of [NOW, NOW - HOUR_MS]) expect(rate.waitMs(now)).toBe(0)
})

test('a clock that is set back does not stop the calls', () => {
  const rate = new CallRate(5)
  rate.take(NOW)
  expect(rate.waitMs(NOW - HOUR_MS)).toBe(0)
  rate.take(NOW - HOUR_MS)
  expect([0, 199, 200].map((ms) => rate.waitMs(NOW - HOUR_MS + ms))).toEqual([200, 1, 0])
})
