import type { ReadItem } from '../../src/intake/read-events.js'
import { FIRST_LOOK, readAll, readFileWith, sliced, summary } from './reading.js'

const ENDS_EARLY = 'the file ends in the middle of an array'

/** Reads the text whole and in slices, which must come to the same. */
async function readSliced(text: string): Promise<ReadItem[]> {
  const { items } = await readAll(sliced(text, [text.length], FIRST_LOOK))
  for (const size of [1, 3, 7]) expect((await readAll(sliced(text, [size], FIRST_LOOK))).items).toEqual(items)
  return items
}

describe('reading a JSON array', () => {
  it('gives its elements as events, on one line', async () => {
    const { items } = await readFileWith('[{"a":1},{"b":[1,{"c":"]}"}]}]')
    expect(items).toEqual([
      { kind: 'event', line: 1, event: { a: 1 }, bytes: 7 },
      { kind: 'event', line: 1, event: { b: [1, { c: ']}' }] }, bytes: 20 }
    ])
  })

  it('gives the line on which each element starts when it is pretty-printed', async () => {
    const events = [{ a: 1, b: { c: [1, 2] } }, { d: 'x' }, {}]
    const { items } = await readFileWith('\ufeff\n' + JSON.stringify(events, null, 2).replaceAll('\n', '\r\n') + '\r\n')
    expect(summary(items)).toEqual(['3 {"a":1,"b":{"c":[1,2]}}', '12 {"d":"x"}', '15 {}'])
  })

  it('is not misled by brackets, commas, quotes and backslashes inside strings', async () => {
    const events = [{ 'a]': '}],[{' }, { b: '\\"],' }, { c: '\\' }, { d: '\n' }]
    const items = await readSliced(JSON.stringify(events))
    expect(items.map((item) => item.kind === 'event' && item.event)).toEqual(events)
  })

  it('gives nothing for an empty array', async () => {
    expect(await readFileWith(' [ \n ] \n')).toEqual({ chunks: [], items: [] })
  })

  it('skips the empty place behind a trailing comma', async () => {
    const { items } = await readFileWith('[{"a":1},\n]')
    expect(summary(items)).toEqual(['1 {"a":1}'])
  })

  it.each([
    ['not JSON', '{"a":}', 'not JSON: an unexpected character'],
    ['a bare word', 'nonsense', 'not JSON: an unexpected character'],
    ['a number', '12', 'not an object but a number'],
    ['a string', '"x,]"', 'not an object but a string'],
    ['an array of objects', '[{"a":1},{"b":2}]', 'not an object but an array: give it in a file of its own'],
    ['one with a brace too many', '{"a":1}}', 'not JSON: more text after the end of the value'],
    ['one closed by the wrong bracket', '{"a":1]', 'not JSON: a comma or a closing bracket is missing']
  ])('reports an element that is %s and goes on', async (_, element, reason) => {
    const { items } = await readFileWith(`[{"x":1},\n${element},\n{"y":2}]`)
    expect(summary(items)).toEqual(['1 {"x":1}', `2! ${reason}`, '3 {"y":2}'])
    expect(items[1]).toMatchObject({ raw: element })
  })

  it('loses one element where a quote is missing and elements start on lines of their own', async () => {
    const items = await readSliced('[\n  {"a":1},\n  {"b":"x},\n  {"c":{"d":3}},\n  {"e":4}\n]\n')
    expect(summary(items)).toEqual([
      '2 {"a":1}',
      '3! not JSON: the element ends in the middle of a value',
      '4 {"c":{"d":3}}',
      '5 {"e":4}'
    ])
  })

  it('does not take an object further inside a broken element for the next element', async () => {
    const items = await readSliced('[\n  {"a":"x,\n    "b": [\n      {"c":1}\n    ]},\n  {"d":2}\n]')
    expect(items.map((item) => [item.kind, item.line])).toEqual([
      ['malformed', 2],
      ['event', 6]
    ])
  })

  it('reports a broken last element once, and not that the array is incomplete', async () => {
    const items = await readSliced('[{"a":1},\n{"b":"x}\n]\n')
    expect(summary(items)).toEqual([
      '1 {"a":1}',
      '2! not JSON: a line break or another control character inside a string'
    ])
  })

  it('loses one element where a closing brace is missing', async () => {
    const items = await readSliced('[{"a":{"b":1}, {"c":2},{"d":3}]')
    expect(items.map((item) => item.kind)).toEqual(['malformed', 'event', 'event'])
  })

  it('reports the element in the middle of which the file ends', async () => {
    const items = await readSliced('[{"a":1},\n{"b":[{"c":1')
    expect(summary(items)).toEqual(['1 {"a":1}', `2! ${ENDS_EARLY}`])
    expect(items[1]).toMatchObject({ raw: '{"b":[{"c":1' })
  })

  it.each(['[{"a":1}', '[{"a":1},', '[{"a":1} \n '])(
    'keeps the last whole element of %j, and says that more is missing',
    async (text) => {
      const { items } = await readFileWith(text)
      expect(summary(items)).toEqual(['1 {"a":1}', expect.stringContaining(`! ${ENDS_EARLY}`)])
      expect(items[1]).toMatchObject({ raw: '' })
    }
  )

  it('reads elements without commas between them', async () => {
    const items = await readSliced('[\n{"a":{"x":1}}\n{"b":[{}]} {"c":"}{"}{"d":4},\n{"e":5}]')
    expect(summary(items)).toEqual(['2 {"a":{"x":1}}', '3 {"b":[{}]}', '3 {"c":"}{"}', '3 {"d":4}', '4 {"e":5}'])
  })

  it('reads what follows the array: more arrays, or lines', async () => {
    const items = await readSliced(
      '[{"a":1}]\n\n [{"b":2},\n{"c":3}][]\n\ufeff[{"d":4}]\n{"e":5}\nnonsense\n\ufeff{"f":6}'
    )
    expect(summary(items)).toEqual([
      ...['1 {"a":1}', '3 {"b":2}', '4 {"c":3}', '5 {"d":4}', '6 {"e":5}'],
      ...['7! not JSON: an unexpected character', '8 {"f":6}']
    ])
  })

  it('reads the objects after a line that begins like an array without an end', async () => {
    const items = await readSliced('[2026-11-27 20:00:01 2 users\n{"a":1}\n{"b":2}\n')
    expect(summary(items)).toEqual([
      expect.stringMatching(/^1! not JSON/),
      '2 {"a":1}',
      '3 {"b":2}',
      `4! ${ENDS_EARLY}`
    ])
  })

  it('reads an array that follows another after a comma', async () => {
    const items = await readSliced('[{"a":1}],\n[{"b":2}]')
    expect(summary(items)).toEqual(['1 {"a":1}', '2 {"b":2}'])
  })

  it('reads the lines after a first one that only begins like an array', async () => {
    const items = await readSliced('[2026-11-27 20:00:01] 2 users\n{"a":1}\n{"b":2}\n')
    expect(summary(items)).toEqual([
      '1! not JSON: more text after the end of the value',
      '1! not JSON: more text after the end of the value',
      ...['2 {"a":1}', '3 {"b":2}']
    ])
  })

  it('recovers from a broken element of a later array on the same line, as in the first', async () => {
    const items = await readSliced('[{"a":1}] [\n  {"b":"x},\n      {"c":1}\n  {"d":2}\n]')
    expect(items.map((item) => [item.kind, item.line])).toEqual([
      ['event', 1],
      ['malformed', 2],
      ['event', 4]
    ])
  })

  it('refuses an element over the limit and goes on', async () => {
    const long = `{"a":"${'x'.repeat(200)}"}`
    const text = `[\n${long},\n{"b":1}]`
    for (const source of [sliced(text, [1], FIRST_LOOK), sliced(text, [7, 64], FIRST_LOOK), sliced(text, [10_000])]) {
      const { items } = await readAll(source, { maxEventBytes: 100 })
      expect(summary(items)).toEqual(['2! longer than the limit of 100 bytes', '3 {"b":1}'])
      expect(items[0]).toMatchObject({ raw: long })
    }
  })

  it('refuses an element that is not valid UTF-8 and goes on', async () => {
    const content = Buffer.concat([Buffer.from('[{"a":"'), Buffer.from([0xc3]), Buffer.from('"},{"b":1}]')])
    expect(summary((await readFileWith(content)).items)).toEqual(['1! not valid UTF-8', '1 {"b":1}'])
  })

  it.each([200, 100_000])('survives elements nested %i deep', async (depth) => {
    const { items } = await readFileWith(`[{"a":${'['.repeat(depth)}${']'.repeat(depth)}},{"b":1}]`)
    expect(items.map((item) => item.kind)).toEqual(['event', 'event'])
  })
})
