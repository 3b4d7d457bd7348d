import { describeState, describeTrouble, EndpointNotices } from '../../src/cli/endpoint-notices.js'
import { renderFields } from '../../src/cli/fields.js'
import { formatBytes } from '../../src/format-bytes.js'
import { nextForBatch, nextForEvent } from '../../src/cli/next-step.js'
import { plural, renderSummary, summarize } from '../../src/cli/summary.js'
import { Tally } from '../../src/cli/tally.js'
import { formatTime, formatWhen, parsePointInTime, toIso } from '../../src/cli/when.js'
import type { BatchRecord, BatchState, EndpointRecord, EventRecord } from '../../src/store/store.js'

const NOW = Date.UTC(2026, 9, 1, 12, 0, 0, 250)

describe('the notices of the endpoint', () => {
  const record = (state: EndpointRecord['state'], lastError = '503 x'): EndpointRecord => ({
    ...{ state, since: 0, lastError, nextProbeAt: state === 'ok' ? undefined : 3000 }
  })

  it('report once that there is trouble, and once that it is over', () => {
    const notices = new EndpointNotices('advice')
    expect(notices.next(record('ok'), 0)).toBeUndefined()
    expect(notices.next(record('backing-off'), 0)).toBe('Dopt answers 503 x: retrying in 3.0 s')
    expect(notices.next(record('backing-off'), 9000)).toBeUndefined()
    expect(notices.next(record('ok'), 9001)).toBe('Dopt accepts calls again')
    expect(notices.next(record('ok'), 9002)).toBeUndefined()
  })

  it('are rare for a flapping endpoint, but always report a refused key', () => {
    const notices = new EndpointNotices('advice')
    const said: unknown[] = []
    for (let time = 0; time < 20_000; time += 100) {
      said.push(notices.next(record(time % 200 === 0 ? 'backing-off' : 'ok'), time))
    }
    expect(said.filter((line) => line !== undefined).length).toBeLessThan(10)
    expect(notices.next(record('key-refused', '401 no'), 20_000)).toBe('Dopt refuses the API key (401 no): advice')
  })

  it.each([
    ['network_error cannot reach http://x (ECONNREFUSED)', 'cannot reach http://x (ECONNREFUSED)'],
    ['timeout http://x did not answer in time', 'http://x did not answer in time'],
    ['429 slow\u001b[2J down', 'Dopt answers 429 slow␛[2J down'],
    ['404 what?', 'Dopt answers 404 what? (check --endpoint and --api)'],
    ['301', 'Dopt answers 301 (check --endpoint and --api)'],
    [undefined, 'Dopt does not accept calls']
  ])('say of %j: %s', (error, words) => {
    expect(describeTrouble(error)).toBe(words)
  })

  it('have a short form for the progress line', () => {
    expect(describeState(record('ok'), 0)).toBeUndefined()
    expect(describeState(record('backing-off'), 500)).toBe('waiting for Dopt, 3 s')
    expect(describeState(record('backing-off'), 5000)).toBe('waiting for Dopt')
    expect(describeState(record('key-refused'), 0)).toBe('key refused')
  })
})

describe('the summary', () => {
  const receipt = {
    ...{ received: 5, accepted: 2, duplicates: 1, rejected: 1, ignored: 1 },
    ...{ ignoredReasons: { type: 1 }, rejections: [], range: { first: 1, last: 2 } }
  }

  it('adds receipts up, and keeps the list of their ranges short', () => {
    const tally = new Tally()
    tally.add(receipt)
    tally.add({ ...receipt, ignoredReasons: { type: 1, integrations: 1 }, range: { first: 3, last: 4 } })
    tally.add({ ...receipt, range: { first: 9, last: 10 } })
    tally.add({ ...receipt, range: undefined })
    tally.addRejected(2)
    tally.addPutBack(1, [{ first: 11, last: 11 }])

    expect(tally).toMatchObject({ received: 23, accepted: 9, duplicates: 4, rejected: 6, ignored: 4 })
    expect(tally.ignoredReasons).toEqual({ type: 4, integrations: 1 })
    expect(tally.ranges).toEqual([
      { first: 1, last: 4 },
      { first: 9, last: 11 }
    ])
  })

  it('counts as pending whatever is not settled', () => {
    const states = { pending: 1, sending: 2, retrying: 4, delivered: 8, superseded: 16, failed: 32, removed: 64 }
    const totals = { calls: 3, users: 4, groups: 0, delivered: 0, superseded: 0, failed: 0 }
    expect(summarize(new Tally(), states, states, totals, 1.6)).toMatchObject({
      ...{ pending: 7, delivered: 8, superseded: 16, failed: 32, removed: 64, calls: 3, users: 4, durationMs: 2 }
    })
  })

  it('is a column of numbers for people', () => {
    const tally = new Tally()
    tally.add({ ...receipt, received: 12_345 })
    const states = { pending: 0, sending: 0, retrying: 0, delivered: 2, superseded: 0, failed: 0, removed: 0 }
    const totals = { calls: 1, users: 2, groups: 0, delivered: 0, superseded: 0, failed: 0 }
    expect(renderSummary(summarize(tally, states, states, totals, 1500)).split('\n')).toEqual([
      'received      12,345',
      '  accepted         2',
      '  duplicates       1',
      '  rejected         1',
      '  ignored          1  type 1',
      'delivered          2',
      'superseded         0',
      'failed             0',
      'pending            0',
      '1 call, 2 users, 1.5 s'
    ])
  })

  it('says what was removed meanwhile, if anything was', () => {
    const states = { pending: 0, sending: 0, retrying: 0, delivered: 2, superseded: 0, failed: 0, removed: 3 }
    const totals = { calls: 1, users: 2, groups: 0, delivered: 2, superseded: 0, failed: 0 }
    expect(renderSummary(summarize(new Tally(), states, states, totals, 0))).toMatch(
      /^removed +3 {2}by forget or prune$/m
    )
  })

  it('also says what was settled of earlier runs', () => {
    const states = { pending: 0, sending: 0, retrying: 0, delivered: 2, superseded: 0, failed: 0, removed: 0 }
    const totals = { calls: 1, users: 2, groups: 0, delivered: 1002, superseded: 0, failed: 1 }
    const inStore = { ...states, pending: 4, sending: 1, retrying: 2, delivered: 5000, failed: 9 }
    expect(renderSummary(summarize(new Tally(), states, inStore, totals, 0))).toContain(
      '\nof earlier runs: 1,000 delivered, 1 failed, 7 pending\n1 call'
    )
  })

  it('knows its plurals', () => {
    expect([plural(1, 'batch'), plural(2, 'batch'), plural(0, 'event')]).toEqual(['1 batch', '2 batches', '0 events'])
  })
})

describe('what happens next', () => {
  const batch = (state: BatchState, nextAttemptAt?: number): BatchRecord => ({
    ...{
      id: 7,
      state,
      parentId: undefined,
      subject: 'user',
      users: 1,
      events: 1,
      superseded: 0,
      attempts: 3,
      createdAt: 0
    },
    ...{ nextAttemptAt, settledAt: undefined, lastAttemptAt: undefined },
    ...{ lastStatus: undefined, lastCode: undefined, lastError: undefined }
  })
  const event: EventRecord = {
    ...{
      seq: 1,
      messageId: 'm',
      subject: 'user',
      identifier: 'u',
      groups: [],
      turn: 'now',
      eventTime: 0,
      arrivedAt: 0,
      properties: '{}'
    },
    ...{ state: 'pending', batchId: undefined, supersededBy: undefined }
  }
  const hint = (command: string): string => `do ${command}`

  it.each<[BatchState, number | undefined, string]>([
    ['sending', undefined, 'it is in flight (attempt 4)'],
    ['retrying', NOW + 12_000, 'attempt 4: 2026-10-01T12:00:12Z (in 12 s)'],
    ['retrying', NOW - 1, 'attempt 4: when a sender has a free slot'],
    ['failed', undefined, 'replay it with: do replay --batch 7'],
    ['delivered', undefined, 'nothing: there was nothing left to send']
  ])('to a batch that is %s (%p)', (state, due, words) => {
    expect(nextForBatch(batch(state, due), NOW, hint)).toBe(words)
  })

  it('to a delivered batch is nothing', () => {
    expect(nextForBatch({ ...batch('delivered'), lastStatus: 200 }, NOW, hint)).toBe('nothing: Dopt has it')
  })

  it('to an event is what happens to its batch, unless it is pending or superseded', () => {
    expect(nextForEvent(event, undefined, NOW, hint)).toBe('it will be sent in one of the next calls')
    expect(nextForEvent({ ...event, state: 'superseded', supersededBy: 'n' }, batch('delivered'), NOW, hint)).toBe(
      'nothing: newer values were sent, with message n'
    )
    expect(nextForEvent({ ...event, state: 'failed' }, batch('failed'), NOW, hint)).toContain('replay --batch 7')
  })
})

describe('small things on a page', () => {
  it('times are ISO, with their distance from now', () => {
    expect(formatTime(NOW)).toBe('2026-10-01T12:00:00Z')
    expect(formatWhen(NOW - 180_000, NOW)).toBe('2026-10-01T11:57:00Z (3 m ago)')
    expect(formatTime(NaN)).toBe('at an unknown time')
    expect([toIso(NOW), toIso(undefined), toIso(9e15)]).toEqual(['2026-10-01T12:00:00.250Z', null, null])
  })

  it('sizes have their unit', () => {
    expect([0, 1023, 1024, 1_572_864, 2 ** 40].map(formatBytes)).toEqual([
      ...['0 bytes', '1023 bytes', '1.0 KiB', '1.5 MiB', '1.0 TiB']
    ])
  })

  it('fields are aligned, without undefined ones, and with control characters made visible', () => {
    expect(
      renderFields([
        ['a', '1'],
        ['long', 'x\u001b\n'],
        ['gone', undefined]
      ])
    ).toBe('a     1\nlong  x␛␊')
  })
})

describe('a point in time', () => {
  it.each([
    ['2026-10-01', '2026-10-01T00:00:00.000Z'],
    ['2026-10-01T12:00:00Z', '2026-10-01T12:00:00.000Z'],
    ['2026-10-01T12:00:00.5+02:00', '2026-10-01T10:00:00.500Z'],
    ['2026-10-01T12:00:00', '2026-10-01T12:00:00.000Z'],
    ['2026-10-01 12:00', '2026-10-01T12:00:00.000Z'],
    ['2028-02-29', '2028-02-29T00:00:00.000Z'],
    ['24h', '2026-09-30T00:00:00.000Z']
  ])('is read from %s, in UTC where it names no zone', (text, iso) => {
    expect(new Date(parsePointInTime(text, Date.UTC(2026, 9, 1))).toISOString()).toBe(iso)
  })

  it.each(['2026-02-30', '2026-10-01junk', '2026-13-01', '2026-10-01T25:00:00Z', '2026-', 'soon', ''])(
    'is not %j',
    (text) => expect(() => parsePointInTime(text, 0)).toThrow(/is not a time/)
  )
})
