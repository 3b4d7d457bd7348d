import fc from 'fast-check'
import { sendIsolating, splitInHalves } from '../../src/destination/index.js'

/** Sends 0 … count−1 where a call with any of `bad` is refused; tells what became of each, and the sizes of the calls. */
async function deliver(count: number, bad: readonly number[], maxCalls = Infinity) {
  const calls: number[] = []
  const results = new Map<number, string>()
  await sendIsolating(
    Array.from({ length: count }, (_, index) => index),
    {
      send: async (items) => {
        calls.push(items.length)
        return items.some((item) => bad.includes(item)) ? 'refused' : 'delivered'
      },
      blamesContent: (result) => result === 'refused',
      settle: (items, result) => {
        for (const item of items) {
          expect(results.has(item)).toBe(false)
          results.set(item, result)
        }
      },
      isOver: () => calls.length >= maxCalls
    }
  )
  const refused = [...results].filter(([, result]) => result === 'refused').map(([item]) => item)
  return { calls, settled: results.size, refused: refused.sort((a, b) => a - b) }
}

describe('splitInHalves', () => {
  test.each([
    [[], [], []],
    [[1], [1], []],
    [[1, 2], [1], [2]],
    [[1, 2, 3], [1, 2], [3]]
  ])('splits %j into %j and %j', (items, first, second) => {
    expect(splitInHalves(items)).toEqual([first, second])
  })

  test('keeps every item, in order, in halves that differ by one at most', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (items) => {
        const [first, second] = splitInHalves(items)
        expect([...first, ...second]).toEqual(items)
        expect([0, 1]).toContain(first.length - second.length)
      })
    )
  })
})

describe('sendIsolating', () => {
  test('makes one call when nobody is refused', async () => {
    expect(await deliver(100, [])).toEqual({ calls: [100], settled: 100, refused: [] })
  })

  test('makes no call for nobody', async () => {
    expect(await deliver(0, [])).toEqual({ calls: [], settled: 0, refused: [] })
  })

  test('finds any one offender among 100 in at most 15 calls', async () => {
    for (let bad = 0; bad < 100; bad++) {
      const { calls, settled, refused } = await deliver(100, [bad])
      expect(calls.length).toBeLessThanOrEqual(15)
      expect({ settled, refused }).toEqual({ settled: 100, refused: [bad] })
    }
  })

  test('finds two offenders', async () => {
    const { calls, settled, refused } = await deliver(100, [3, 97])
    expect(calls.length).toBeLessThanOrEqual(27)
    expect({ settled, refused }).toEqual({ settled: 100, refused: [3, 97] })
  })

  test('makes 199 calls when all of 100 are refused', async () => {
    const everybody = Array.from({ length: 100 }, (_, index) => index)
    const { calls, refused } = await deliver(100, everybody)
    expect(calls).toHaveLength(199)
    expect(refused).toEqual(everybody)
  })

  test('leaves what it has not reached unsettled when it is over', async () => {
    const { calls, settled } = await deliver(100, [0], 3)
    expect(calls).toEqual([100, 50, 25])
    expect(settled).toBe(0)
  })

  test('refuses exactly the offenders, whoever they are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 120 }),
        fc.uniqueArray(fc.nat(119), { maxLength: 8 }),
        async (count, some) => {
          const bad = some.filter((index) => index < count).sort((a, b) => a - b)
          const { calls, settled, refused } = await deliver(count, bad)
          expect({ settled, refused }).toEqual({ settled: count, refused: bad })
          expect(calls.length).toBeLessThanOrEqual(1 + 2 * bad.length * Math.ceil(Math.log2(count)))
        }
      )
    )
  })
})
