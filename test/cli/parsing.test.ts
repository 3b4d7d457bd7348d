import fc from 'fast-check'
import { parseByteSize } from '../../src/cli/byte-size.js'
import { parseDuration } from '../../src/cli/duration.js'

describe('durations', () => {
  it.each([
    ['72h', 259_200_000],
    ['7d', 604_800_000],
    ['2m', 120_000],
    ['500ms', 500],
    ['1.5s', 1500],
    ['0', 0],
    ['2 Hours', 7_200_000],
    [' 1w ', 604_800_000],
    ['0.4ms', 0]
  ])('reads %j as %i ms', (text, durationMs) => {
    expect(parseDuration(text)).toBe(durationMs)
  })

  it.each([
    '',
    ' ',
    'soon',
    '5 fortnights',
    'h',
    '1h30m',
    '1e3',
    'Infinity',
    'NaN',
    `${'9'.repeat(200)}s`,
    '999999999999999y'
  ])('refuses %j and shows how to write one', (text) => {
    expect(() => parseDuration(text)).toThrow(`"${text}" is not a duration: write it like 500ms, 30s, 2m, 72h or 7d`)
  })

  it.each(['30', '1.5'])('refuses %j: it may mean days', (text) => {
    expect(() => parseDuration(text)).toThrow(`"${text}" has no unit: write it like 500ms, 30s, 2m, 72h or 7d`)
  })

  it('refuses a negative one', () => {
    expect(() => parseDuration('-5m')).toThrow('"-5m" is negative: a duration is 0 or more')
  })
})

describe('sizes in bytes', () => {
  it.each([
    ['1048576', 1_048_576],
    ['0', 0],
    ['10b', 10],
    ['1k', 1024],
    ['512kb', 524_288],
    ['500mb', 524_288_000],
    ['2gb', 2_147_483_648],
    ['1.5 GiB', 1_610_612_736],
    ['1TB', 1_099_511_627_776]
  ])('reads %j as %i', (text, bytes) => {
    expect(parseByteSize(text)).toBe(bytes)
  })

  it.each(['', 'mb', '5 xb', '1mbit', '1,5gb', '1e6', '9'.repeat(30)])(
    'refuses %j and shows how to write one',
    (text) => {
      expect(() => parseByteSize(text)).toThrow(`"${text}" is not a size: write it like 1048576, 512kb, 500mb or 2gb`)
    }
  )

  it('refuses a negative one', () => {
    expect(() => parseByteSize('-1mb')).toThrow('"-1mb" is negative: a size is 0 or more')
  })
})

it.each([
  ['duration', parseDuration],
  ['size', parseByteSize]
])('whatever is given as a %s is a whole number or an error of one printable line', (_, parse) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      try {
        expect(Number.isSafeInteger(parse(text))).toBe(true)
      } catch (error) {
        expect(String(error)).toMatch(/^Error: "[^\p{Cc}]*" is /u)
      }
    })
  )
})
