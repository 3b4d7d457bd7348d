import type { SourcedEvent } from '../../src/forwarder.js'
import { Coalescer } from '../../src/intake/coalescer.js'

const request = (name: string, events = 1): SourcedEvent[] =>
  Array.from({ length: events }, (_, n) => ({ source: `${name}, event ${n}`, value: { event: {} } }))

/** A coalescer that rejects the events of these sources, and the sizes of its calls. */
function collect(...rejected: string[]): { coalescer: Coalescer; calls: number[] } {
  const calls: number[] = []
  const coalescer = new Coalescer((events) => {
    calls.push(events.length)
    const rejections = events.flatMap(({ source }, index) =>
      rejected.includes(source) ? [{ index, reason: 'no' }] : []
    )
    return Promise.resolve({ rejections })
  })
  return { coalescer, calls }
}

describe('requests that arrive together', () => {
  it('share a call, and each gets the rejections of its own events', async () => {
    const { coalescer, calls } = collect('b, event 1')
    const answers = ['a', 'b', 'c'].map((name) => coalescer.accept(request(name, 2)))
    expect(await Promise.all(answers)).toEqual([[], [{ index: 1, reason: 'no' }], []])
    expect(calls).toEqual([6])
  })

  it('are in several calls if they are many, so that the first are stored while the rest are read', async () => {
    const { coalescer, calls } = collect()
    const answers = Array.from({ length: 70 }, (_, n) => coalescer.accept(request(`r${n}`)))
    // Before the turn has ended.
    expect(calls).toEqual([32, 32])
    await Promise.all(answers)
    expect(calls).toEqual([32, 32, 6])
  })

  it('are in several calls if their events are many', async () => {
    const { coalescer, calls } = collect()
    await Promise.all(Array.from({ length: 5 }, (_, n) => coalescer.accept(request(`r${n}`, 400))))
    expect(calls).toEqual([1200, 800])
  })
})
