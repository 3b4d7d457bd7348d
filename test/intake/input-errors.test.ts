import { mkdtemp, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { readAll, readFileWith, sliced, summary, withFile } from './reading.js'

const utf16 = (text: string, bigEndian = false): Buffer => {
  const bytes = Buffer.from(text, 'utf16le')
  return bigEndian ? bytes.swap16() : bytes
}

describe('input that cannot be read', () => {
  it.each([100, 600])('is not JSON from its first line to its line %i', async (count) => {
    const csv = 'id,name\n'.repeat(count)
    const { items, error } = await readAll(sliced(csv, [10_000]))
    expect(items).toEqual([])
    expect(error).toMatchObject({
      code: 'not-json',
      message: `stdin is not JSON: none of its first ${Math.min(count, 500)} lines is. Give NDJSON (an event in each line) or a JSON array`
    })
  })

  it('may have few lines that are not JSON, or an event among them', async () => {
    const bad = 'id,name\n'
    for (const [text, count] of [
      [bad.repeat(99), 99],
      [`${bad.repeat(99)}{}\n${bad.repeat(900)}`, 1000],
      [`"text"\n${bad.repeat(900)}`, 901]
    ] as const) {
      const { items, error } = await readAll(sliced(text, [10_000]))
      expect(error).toBeUndefined()
      expect(items).toHaveLength(count)
    }
  })

  it('is missing', async () => {
    const { error } = await readAll('/nowhere/events.ndjson')
    expect(error).toMatchObject({
      name: 'InputError',
      code: 'missing',
      message: '/nowhere/events.ndjson does not exist: check the path'
    })
  })

  it('lies behind a file that is taken for a directory', async () => {
    await withFile('{}', async (path) => {
      expect((await readAll(`${path}/events`)).error).toMatchObject({ code: 'missing' })
    })
  })

  it('is a directory', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'dopt-intake-'))
    const { error } = await readAll(directory)
    await rmdir(directory)
    expect(error).toMatchObject({
      code: 'is-directory',
      message: `${directory} is a directory: name the files in it instead`
    })
  })

  it.each([
    ['EACCES', 'stdin cannot be read, permission denied: allow this user to read it'],
    ['EIO', 'stdin cannot be read (EIO): check it and run again']
  ])('fails with %s, after what came before has been given', async (code, message) => {
    const stream = Readable.from(
      (function* () {
        yield Buffer.from('{"a":1}\n{"b":')
        throw Object.assign(new Error('read failed'), { code })
      })()
    )
    const { items, error } = await readAll(stream)
    expect(summary(items)).toEqual(['1 {"a":1}'])
    expect(error).toMatchObject({ code: 'unreadable', message })
  })

  it.each([
    ['has no bytes', ''],
    ['is only white space', ' \r\n\t\n'],
    ['is only white space, and much of it', '\n'.repeat(500_000)],
    ['is only a byte-order mark', '\ufeff'],
    ['is an empty gzip', gzipSync('')],
    ['is a gzip of white space', gzipSync('\n\n')]
  ])('%s: an error for a file, nothing for a stream', async (_, content) => {
    const { items, error } = await readFileWith(content)
    expect(items).toEqual([])
    expect(error).toMatchObject({ code: 'empty' })
    expect(error?.message).toMatch(/ is empty: check that the program that wrote it finished without an error$/)
    expect(await readAll(sliced(content, [1000]))).toEqual({ chunks: [], items: [] })
  })

  it.each([
    ['UTF-16', Buffer.concat([Buffer.from([0xff, 0xfe]), utf16('{"a":1}\n')])],
    ['UTF-16', Buffer.concat([Buffer.from([0xfe, 0xff]), utf16('{"a":1}\n', true)])],
    ['UTF-16LE', utf16('{"name":"日本語"}\n'.repeat(10))],
    ['UTF-16BE', utf16('\r\n[{"name":"x"}]', true)]
  ])('is %s: says how to convert it', async (encoding, content) => {
    for (const source of [sliced(content, [1]), sliced(gzipSync(content), [1000])]) {
      expect((await readAll(source)).error).toMatchObject({
        code: 'utf16',
        message: `stdin is ${encoding}, not UTF-8: convert it first (iconv -f ${encoding} -t UTF-8)`
      })
    }
  })

  it.each([
    ['holds a NUL', Buffer.from('{"a":1}\n{"b":"\0"}\n')],
    ['is a zip archive', Buffer.from('504b0304140000000800a4b8', 'hex')],
    ['is mostly control bytes', Buffer.from('\x01\x02\x03\x04abc')],
    ['is gzipped twice', gzipSync(gzipSync('{"a":1}'))]
  ])('is binary: %s', async (_, content) => {
    const { items, error } = await readAll(sliced(content, [content.length]))
    expect(items).toEqual([])
    expect(error).toMatchObject({
      code: 'binary',
      message: 'stdin is binary, not JSON text: give NDJSON, a JSON array, or either of them gzipped'
    })
  })

  it('makes one harmless line of a strange file name', async () => {
    const { error } = await readAll('/nowhere/a\nb\u001b[31m')
    expect(error?.message).toBe('/nowhere/a?b?[31m does not exist: check the path')
  })
})
