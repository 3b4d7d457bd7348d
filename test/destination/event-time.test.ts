import fc from 'fast-check'
import { parseEventTime } from '../../src/destination/index.js'

const ARRIVED_AT = Date.UTC(2025, 0, 31, 12)
const HAPPENED_AT = Date.UTC(2024, 4, 6, 7, 8, 9, 123)

describe('parseEventTime', () => {
  test.each<[string, unknown]>([
    ['an ISO date-time', '2024-05-06T07:08:09.123Z'],
    ['lower case', '2024-05-06t07:08:09.123z'],
    ['white space around it', ' 2024-05-06T07:08:09.123Z\n'],
    ['a space for the T', '2024-05-06 07:08:09.123Z'],
    ['a comma before the fraction', '2024-05-06T07:08:09,123Z'],
    ['nanoseconds', '2024-05-06T07:08:09.123999999Z'],
    ['an offset', '2024-05-06T09:38:09.123+02:30'],
    ['an offset without a colon', '2024-05-06T09:38:09.123+0230'],
    ['an offset of hours', '2024-05-06T05:08:09.123-02'],
    ['no zone, which is UTC', '2024-05-06T07:08:09.123'],
    ['what BigQuery exports', '2024-05-06 07:08:09.123000 UTC'],
    ['GMT', '2024-05-06T07:08:09.123GMT'],
    ['a space before an offset', '2024-05-06 09:38:09.123 +02:30'],
    ['a Date', new Date(HAPPENED_AT)],
    ['milliseconds', HAPPENED_AT],
    ['milliseconds as text', String(HAPPENED_AT)],
    ['seconds', HAPPENED_AT / 1000],
    ['seconds as text', String(HAPPENED_AT / 1000)]
  ])('reads %s', (_what, value) => {
    expect(parseEventTime(value, ARRIVED_AT)).toBe(HAPPENED_AT)
  })

  test('reads a date as its midnight in UTC', () => {
    expect(parseEventTime('2024-05-06', ARRIVED_AT)).toBe(Date.UTC(2024, 4, 6))
  })

  test('reads a time without seconds', () => {
    expect(parseEventTime('2024-05-06T07:08Z', ARRIVED_AT)).toBe(Date.UTC(2024, 4, 6, 7, 8))
  })

  test('reads short fractions as fractions', () => {
    expect(parseEventTime('2024-05-06T07:08:09.1Z', ARRIVED_AT)).toBe(Date.UTC(2024, 4, 6, 7, 8, 9, 100))
  })

  test('reads the text of a Date, which has no milliseconds', () => {
    expect(parseEventTime(String(new Date(HAPPENED_AT)), ARRIVED_AT)).toBe(HAPPENED_AT - 123)
  })

  test('reads whole seconds', () => {
    expect(parseEventTime(1_700_000_000, ARRIVED_AT)).toBe(1_700_000_000_000)
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['an empty string', ''],
    ['garbage', 'yesterday'],
    ['garbage that Date.parse takes for a year', 'foo 1'],
    ['a month that does not exist', '2024-13-01T00:00:00Z'],
    ['an hour that does not exist', '2024-05-06T25:00:00Z'],
    ['another zone by name', '2024-05-06 07:08:09 CET'],
    ['text after the date', '2024-05-06T07:08:09Z or so'],
    ['a boolean', true],
    ['an object', {}],
    ['an array', [HAPPENED_AT]],
    ['an invalid Date', new Date(NaN)],
    ['NaN', NaN],
    ['infinity', Infinity],
    ['a negative number', -5],
    ['zero, which clients write for unknown', 0],
    ['the zero time of Go', '0001-01-01T00:00:00Z'],
    ['the epoch', '1970-01-01T00:00:00Z'],
    ['1e20', 1e20],
    ['1e20 as text', '100000000000000000000'],
    ['a time after the arrival', ARRIVED_AT + 1],
    ['an ISO time after the arrival', '2125-01-01T00:00:00Z']
  ])('takes the arrival for %s', (_what, value) => {
    expect(parseEventTime(value, ARRIVED_AT)).toBe(ARRIVED_AT)
  })

  test('gives an integer between 1970 and the arrival for anything', () => {
    const anything = fc.oneof(
      fc.anything(),
      fc.string(),
      fc.double(),
      fc.double().map(String),
      fc.date({ noInvalidDate: false }),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      fc.date().map(String)
    )
    fc.assert(
      fc.property(anything, fc.integer({ min: 1, max: 4e12 }), (value, arrivedAt) => {
        const time = parseEventTime(value, arrivedAt)
        return Number.isInteger(time) && time >= 0 && time <= arrivedAt
      })
    )
  })

  test('reads every time in the past from its ISO text and its number alike', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1e11, max: ARRIVED_AT }), (time) => {
        expect(parseEventTime(new Date(time).toISOString(), ARRIVED_AT)).toBe(time)
        expect(parseEventTime(time, ARRIVED_AT)).toBe(time)
        expect(parseEventTime(String(time), ARRIVED_AT)).toBe(time)
      })
    )
  })
})
