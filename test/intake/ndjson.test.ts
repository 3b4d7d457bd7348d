import { readFileWith, summary } from './reading.js'

describe('reading NDJSON', () => {
  it('gives each line as an event, with its line number and size', async () => {
    const { items } = await readFileWith('{"a":1}\n{"b":"ü"}\n')
    expect(items).toEqual([
      { kind: 'event', line: 1, event: { a: 1 }, bytes: 7 },
      { kind: 'event', line: 2, event: { b: 'ü' }, bytes: 10 }
    ])
  })

  it('reads a last line that has no line break', async () => {
    const { items } = await readFileWith('{"a":1}\n{"b":2}')
    expect(summary(items)).toEqual(['1 {"a":1}', '2 {"b":2}'])
  })

  it.each([
    ['1', '1! not an object but a number'],
    ['{', '1! not JSON: the line ends in the middle of a value']
  ])('reads a file of a single byte, %j', async (content, item) => {
    expect(summary((await readFileWith(content)).items)).toEqual([item])
  })

  it('skips blank lines but counts them, and takes CRLF for a line break', async () => {
    const { items } = await readFileWith('\r\n \t\r\n{"a":1}\r\n\n\n{"b":2}\r\n  \r\n')
    expect(summary(items)).toEqual(['3 {"a":1}', '6 {"b":2}'])
    expect(items).toMatchObject([{ bytes: 7 }, { bytes: 7 }])
  })

  it('counts blank lines that fill more than the first look', async () => {
    const { items } = await readFileWith('\n'.repeat(300_000) + '{"a":1}\n')
    expect(summary(items)).toEqual(['300001 {"a":1}'])
  })

  it('drops a UTF-8 byte-order mark', async () => {
    const { items } = await readFileWith('\ufeff{"a":1}\n')
    expect(summary(items)).toEqual(['1 {"a":1}'])
  })

  it('says in plain words why a line is not JSON, and goes on', async () => {
    const lines = [
      ['{"a":1', 'not JSON: the line ends in the middle of a value'],
      ['{"a":"secret', 'not JSON: the line ends in the middle of a value'],
      ['{"a":1}{"b":2}', 'not JSON: more text after the end of the value'],
      ['{"a":1,}', 'not JSON: a property name is missing or not in double quotes'],
      ["{'a':1}", 'not JSON: a property name is missing or not in double quotes'],
      ['{"a" 1}', 'not JSON: a colon is missing'],
      ['{"a":1 "b":2}', 'not JSON: a comma or a closing bracket is missing'],
      ['{"a":"\t"}', 'not JSON: a line break or another control character inside a string'],
      ['{"a":"\\x"}', 'not JSON: an invalid escape sequence in a string'],
      ['hello', 'not JSON: an unexpected character']
    ]
    const { items } = await readFileWith(lines.map(([text]) => `${text}\n`).join('') + '{"z":1}\n')
    expect(summary(items)).toEqual([...lines.map(([, reason], index) => `${index + 1}! ${reason}`), '11 {"z":1}'])
    expect(items.slice(0, -1)).toMatchObject(lines.map(([raw]) => ({ raw })))
  })

  it('never repeats the text in the reason, even where the text imitates an error message', async () => {
    const { items } = await readFileWith('{}\n{"a":escape "after JSON"}\n')
    expect(summary(items)[1]).toBe('2! not JSON: an unexpected character')
  })

  it('says what a line is that is JSON but not an object', async () => {
    const { items } = await readFileWith('{}\n1\n"x"\nnull\ntrue\n[{"a":1}]\n{}\n')
    expect(summary(items)).toEqual([
      '1 {}',
      '2! not an object but a number',
      '3! not an object but a string',
      '4! not an object but null',
      '5! not an object but a boolean',
      '6! not an object but an array: give it in a file of its own',
      '7 {}'
    ])
  })

  it('reports an unfinished last line with its number', async () => {
    const { items } = await readFileWith('{"a":1}\n\n{"b":')
    expect(summary(items)).toEqual(['1 {"a":1}', '3! not JSON: the line ends in the middle of a value'])
  })

  it('takes a line of exactly the limit and refuses one that is a byte longer', async () => {
    const line = (bytes: number): string => `{"a":"${'x'.repeat(bytes - 8)}"}`
    const { items } = await readFileWith(`${line(100)}\r\n${line(101)}\r\n{}\n`, { maxEventBytes: 100 })
    expect(items).toMatchObject([
      { kind: 'event', bytes: 100 },
      { kind: 'malformed', line: 2, reason: 'longer than the limit of 100 bytes', raw: line(101) },
      { kind: 'event', line: 3 }
    ])
  })

  it('names the default limit of 1 MiB and cuts the text at 4,096 characters', async () => {
    const long = `{"a":"${'ü'.repeat(600_000)}"}`
    const { items } = await readFileWith(`${long}\n{"b":1}\n`)
    expect(items).toMatchObject([
      { kind: 'malformed', line: 1, reason: 'longer than the limit of 1,048,576 bytes', raw: long.slice(0, 4096) },
      { kind: 'event', line: 2 }
    ])
  })

  it('does not cut a character in two', async () => {
    const { items } = await readFileWith(`{"a":"b${'🙂'.repeat(3000)}\n`)
    expect(items).toMatchObject([{ kind: 'malformed', raw: `{"a":"b${'🙂'.repeat(2044)}` }])
  })

  it('refuses a line that is not valid UTF-8, takes U+FFFD where it is really there, and goes on', async () => {
    const content = Buffer.concat([Buffer.from('{"a":"\ufffd"}\n{"b":"'), Buffer.from([0xfc]), Buffer.from('"}\n{}\n')])
    const { items } = await readFileWith(content)
    expect(summary(items)).toEqual(['1 {"a":"\ufffd"}', '2! not valid UTF-8', '3 {}'])
  })

  it('keeps a property called __proto__ as any other', async () => {
    const { items } = await readFileWith('{"__proto__":{"isAdmin":true},"traits":{"__proto__":1}}\n')
    expect(summary(items)).toEqual(['1 {"__proto__":{"isAdmin":true},"traits":{"__proto__":1}}'])
    expect(Reflect.get({}, 'isAdmin')).toBeUndefined()
  })

  it.each([200, 100_000])('survives values nested %i deep', async (depth) => {
    const nested = '{"a":'.repeat(depth) + '1' + '}'.repeat(depth)
    const { items } = await readFileWith(`${nested}\n${'{"a":'.repeat(depth)}\n{}\n`)
    expect(items.map((item) => [item.kind, item.line])).toEqual([
      ['event', 1],
      ['malformed', 2],
      ['event', 3]
    ])
  })

  it('makes chunks of the size asked for', async () => {
    const { chunks } = await readFileWith('{}\n'.repeat(1201))
    expect(chunks.map((chunk) => chunk.length)).toEqual([500, 500, 201])
    const small = await readFileWith('{}\n'.repeat(6), { chunkItems: 2 })
    expect(small.chunks.map((chunk) => chunk.length)).toEqual([2, 2, 2])
  })
})
