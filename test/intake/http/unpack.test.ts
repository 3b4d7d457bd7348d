import type { SourcedEvent } from '../../../src/forwarder.js'
import { parseBody, type ParsedBody } from '../../../src/intake/http/parse-body.js'
import { unpackBatch, unpackEvent, unpackWebhook } from '../../../src/intake/http/unpack.js'

const RECEIVED_AT = Date.parse('2026-10-02T12:00:00.000Z')
const ARRIVAL = { source: 'test', receivedAt: RECEIVED_AT }
const LIMITS = { maxEventBytes: 32_768, maxBatchBytes: 512_000, maxBatchEvents: 2500 }

function parsed(value: unknown): ParsedBody {
  return parseBody(Buffer.from(JSON.stringify(value)))
}

function eventsOf(sourced: readonly SourcedEvent[]): unknown[] {
  return sourced.map(({ value }) => ('event' in value ? value.event : value))
}

function single(event: object): unknown {
  return eventsOf(unpackEvent(parsed(event), 'identify', ARRIVAL))[0]
}

function batch(body: object): unknown[] {
  return eventsOf(unpackBatch(parsed(body), LIMITS, ARRIVAL))
}

describe('a batch', () => {
  it('gives its context and integrations to its events, name by name, whose own win', () => {
    expect(
      batch({
        context: { ip: '1.1.1.1', app: { name: 'a', version: 1 } },
        integrations: { All: true, Dopt: false },
        batch: [
          { messageId: 'm1' },
          { messageId: 'm2', context: { app: { name: 'b' } }, integrations: { Dopt: true } },
          { messageId: 'm3', context: null, integrations: 'text' }
        ]
      })
    ).toEqual([
      {
        messageId: 'm1',
        context: { ip: '1.1.1.1', app: { name: 'a', version: 1 } },
        integrations: { All: true, Dopt: false }
      },
      {
        messageId: 'm2',
        context: { ip: '1.1.1.1', app: { name: 'b' } },
        integrations: { All: true, Dopt: true }
      },
      { messageId: 'm3', context: { ip: '1.1.1.1', app: { name: 'a', version: 1 } }, integrations: 'text' }
    ])
  })

  it('gives nothing that is of no use', () => {
    expect(batch({ context: 'text', integrations: [1], writeKey: 'k', other: 1, batch: [{ messageId: 'm' }] })).toEqual(
      [{ messageId: 'm' }]
    )
  })

  it('is refused if its context, repeated in every event, would be many times its size', () => {
    const context = { text: 'x'.repeat(10_200) }
    const of = (events: number): object => ({
      context,
      batch: Array.from({ length: events }, (_, n) => ({ messageId: `${n}` }))
    })
    expect(batch(of(1000))).toHaveLength(1000)
    expect(() => batch(of(1010))).toThrow(/timestamp\), 10.0 KiB, would be repeated in 1010 events: send fewer/)
    const integrations = { Other: context }
    expect(() => batch({ ...of(1010), context: {}, integrations })).toThrow('would be repeated')
    const timestamp = `2026-10-01T00:00:00Z${' '.repeat(10_200)}`
    expect(() => batch({ ...of(1010), context: {}, timestamp })).toThrow('would be repeated')
    // Large events under a small context are none of this.
    const large = Array.from({ length: 20 }, (_, n) => ({ messageId: `${n}`, context: { text: 'x'.repeat(20_000) } }))
    expect(batch({ context: { a: 1 }, batch: large })).toHaveLength(20)
  })

  it('gives no time that is none', () => {
    expect(batch({ timestamp: 'x'.repeat(1000), batch: [{ messageId: 'm' }] })).toEqual([{ messageId: 'm' }])
  })

  it('gives its time to events that have none', () => {
    expect(
      batch({
        timestamp: '2026-10-01T00:00:00Z',
        sentAt: '2026-10-01T00:00:01Z',
        batch: [{ messageId: 'm1' }, { messageId: 'm2', timestamp: '2026-09-01T00:00:00Z', sentAt: 'mine' }]
      })
    ).toEqual([
      { messageId: 'm1', timestamp: '2026-10-01T00:00:00Z' },
      { messageId: 'm2', timestamp: '2026-09-01T00:00:00Z', sentAt: 'mine' }
    ])
  })

  it('says of each event where it was', () => {
    const sourced = unpackBatch(parsed({ batch: [{}, 1] }), LIMITS, ARRIVAL)
    expect(sourced.map(({ source }) => source)).toEqual(['test, event 0', 'test, event 1'])
  })

  it('hands on what is no event as it is, for it is rejected elsewhere', () => {
    expect(batch({ context: { a: 1 }, batch: [1, null, [{}]] })).toEqual([1, null, [{}]])
  })
})

describe('a webhook', () => {
  it('brings one event or several, without a write key', () => {
    const unpack = (value: unknown): unknown[] => eventsOf(unpackWebhook(parsed(value), LIMITS, ARRIVAL))
    expect(unpack({ messageId: 'm', writeKey: 'k' })).toEqual([{ messageId: 'm' }])
    expect(unpack([{ messageId: 'm', writeKey: 'k' }, 1])).toEqual([{ messageId: 'm' }, 1])
  })
})

describe('the time of an event', () => {
  it.each([
    ['2026-10-01T00:00:00.000Z', '2026-10-01T00:00:00.000Z'],
    [1_790_000_000, 1_790_000_000]
  ])('is its timestamp where it has one, be it %p', (timestamp, expected) => {
    const event = {
      messageId: 'm',
      timestamp,
      originalTimestamp: '2020-01-01T00:00:00Z',
      sentAt: '2020-01-01T00:00:05Z'
    }
    expect(single(event)).toMatchObject({ timestamp: expected })
  })

  it.each([
    ['a clock that is years behind', '2001-01-01T00:00:00Z', '2001-01-01T00:00:05Z', '2026-10-02T11:59:55.000Z'],
    ['a clock that is years ahead', '2051-01-01T00:00:00Z', '2051-01-01T01:00:00Z', '2026-10-02T11:00:00.000Z'],
    [
      'a clock that was set back in between',
      '2026-10-02T10:00:00Z',
      '2026-10-02T09:00:00Z',
      '2026-10-02T12:00:00.000Z'
    ],
    ['times in milliseconds', 1_000_000_000_000, 1_000_000_060_000, '2026-10-02T11:59:00.000Z'],
    ['no time of sending', '2026-10-02T11:30:00Z', undefined, '2026-10-02T11:30:00.000Z'],
    ['a malformed time of sending', '2026-10-02T11:30:00Z', 'soon', '2026-10-02T11:30:00.000Z'],
    ['a clock ahead and no time of sending', '2051-01-01T00:00:00Z', undefined, '2026-10-02T12:00:00.000Z'],
    ['a malformed time of its own', 'soon', '2026-10-02T11:30:00Z', undefined],
    ['none at all', undefined, '2026-10-02T11:30:00Z', undefined],
    ['a number beyond all dates', 1e300, undefined, '2026-10-02T12:00:00.000Z'],
    ['a time of sending beyond all dates', '2020-01-01T00:00:00.000Z', 1e300, undefined]
  ])('is reckoned from the clock of the client: %s', (_what, originalTimestamp, sentAt, expected) => {
    const { timestamp } = single({ messageId: 'm', originalTimestamp, sentAt }) as { timestamp?: unknown }
    expect(timestamp).toBe(expected)
  })

  it('is reckoned with the time at which the batch was sent, before that of the batch is taken', () => {
    expect(
      batch({
        timestamp: '2020-01-01T00:00:00Z',
        sentAt: '2001-01-01T00:00:05Z',
        batch: [{ messageId: 'm', originalTimestamp: '2001-01-01T00:00:00Z' }]
      })
    ).toMatchObject([{ timestamp: '2026-10-02T11:59:55.000Z' }])
  })

  it('is reckoned from the clock of the client where what it has for a time is none', () => {
    const event = { originalTimestamp: '2001-01-01T00:00:00Z', sentAt: '2001-01-01T00:00:05Z' }
    expect(single({ messageId: 'm', timestamp: 'garbage', ...event })).toMatchObject({
      timestamp: '2026-10-02T11:59:55.000Z'
    })
    expect(single({ messageId: 'm', timestamp: 'garbage' })).toMatchObject({ timestamp: 'garbage' })
  })

  it('is reckoned with the time at which the batch was sent where the event has none of its own, or null', () => {
    const event = { messageId: 'm', originalTimestamp: '2001-01-01T00:00:00Z', sentAt: null }
    expect(batch({ sentAt: '2001-01-01T00:00:05Z', batch: [event] })).toMatchObject([
      { timestamp: '2026-10-02T11:59:55.000Z' }
    ])
  })

  it('does not make another message of one that is sent again', () => {
    const event = { userId: 'u', traits: {}, originalTimestamp: '2001-01-01T00:00:00Z' }
    const [first, again] = [5, 9].map((seconds) => single({ ...event, sentAt: `2001-01-01T00:00:0${seconds}Z` }))

    expect(first).toMatchObject({ messageId: expect.stringMatching(/^derived-/) as string })
    expect(again).toMatchObject({ messageId: (first as { messageId: string }).messageId })
    expect(again).not.toMatchObject({ timestamp: (first as { timestamp: string }).timestamp })
  })
})
