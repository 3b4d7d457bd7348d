import { gzipSync } from 'node:zlib'
import { gunzip, GzipDamage } from '../../src/intake/gunzip.js'
import { readAll, readFileWith, sliced, summary } from './reading.js'

const events = Array.from({ length: 20_000 }, (_, index) => ({ index, text: Math.sin(index).toString(36) }))
const ndjson = events.map((event) => `${JSON.stringify(event)}\n`).join('')
const compressed = gzipSync(ndjson)

describe('reading gzip', () => {
  it('knows it by its first bytes, whatever the name', async () => {
    const { items } = await readFileWith(compressed)
    expect(items.map((item) => item.kind === 'event' && item.event)).toEqual(events)
    expect(items.at(-1)).toMatchObject({ line: events.length })
  })

  it('knows it in a stream that comes byte by byte', async () => {
    const { items } = await readAll(sliced(gzipSync('[{"a":1},{"b":2}]'), [1]))
    expect(summary(items)).toEqual(['1 {"a":1}', '1 {"b":2}'])
  })

  it('reads all members of a file that was put together from several', async () => {
    const members = Buffer.concat([gzipSync('{"a":1}\n{"b"'), gzipSync(''), gzipSync(':2}\n'), gzipSync('{"c":3}')])
    for (const sizes of [[members.length], [1], [22, 3]]) {
      const { items, error } = await readAll(sliced(members, sizes))
      expect(error).toBeUndefined()
      expect(summary(items)).toEqual(['1 {"a":1}', '2 {"b":2}', '3 {"c":3}'])
    }
  })

  it('ignores zeros behind the end, with which tapes and block devices pad', async () => {
    const padded = Buffer.concat([gzipSync('{"a":1}\n'), Buffer.alloc(20_000)])
    const { items, error } = await readFileWith(padded)
    expect(error).toBeUndefined()
    expect(summary(items)).toEqual(['1 {"a":1}'])
  })

  it.each([1, 40, 20_000])('takes what follows %i zeros for damage, instead of leaving it unread', async (zeros) => {
    const [first, more] = [gzipSync('{"a":1}\n'), gzipSync('{"b":2}\n')]
    const padded = Buffer.concat([first, Buffer.alloc(zeros), more])
    for (const sizes of [[padded.length], [1], [first.length + 1, 7], [first.length + zeros, 7]]) {
      const { items, error } = await readAll(sliced(padded, sizes))
      expect(summary(items)).toEqual(['1 {"a":1}'])
      expect(error).toMatchObject({ code: 'damaged-gzip' })
    }
  })

  it('gives everything that a truncated file still holds, without the line that is cut', async () => {
    const { items, error } = await readFileWith(compressed.subarray(0, compressed.length / 2))
    expect(items.length).toBeGreaterThan(5_000)
    expect(items.map((item) => item.kind === 'event' && item.event)).toEqual(events.slice(0, items.length))
    expect(error).toMatchObject({ code: 'damaged-gzip' })
    expect(error?.message).toMatch(
      new RegExp(`gzip file: reading stopped after line ${items.length}\\. Get a complete`)
    )
  })

  it.each([1, 8, 9])('gives every line of a file that lacks its last %i bytes', async (missing) => {
    const { items, error } = await readFileWith(compressed.subarray(0, -missing))
    expect(error).toMatchObject({ code: 'damaged-gzip' })
    expect(items.length).toBeGreaterThanOrEqual(events.length - 1)
  })

  it('gives every line of a file with a wrong check sum, then the error', async () => {
    const damaged = Buffer.from(compressed)
    damaged.writeUInt32LE(12345, damaged.length - 8)
    const { items, error } = await readFileWith(damaged)
    expect(items).toHaveLength(events.length)
    expect(error).toMatchObject({ code: 'damaged-gzip' })
  })

  it('gives the lines before damaged bytes, then the error', async () => {
    const damaged = Buffer.from(compressed)
    const middle = Math.floor(damaged.length / 2)
    damaged.fill(0xff, middle, middle + 64)
    const { items, error } = await readFileWith(damaged)
    expect(error).toMatchObject({ code: 'damaged-gzip' })
    expect(items.length).toBeGreaterThan(5_000)
    expect(summary(items.slice(0, 5_000))).toEqual(
      events.slice(0, 5_000).map((event, at) => `${at + 1} ${JSON.stringify(event)}`)
    )
  })

  it('gives most lines of a small file that is damaged near its end', async () => {
    const small = gzipSync(ndjson.slice(0, 10_000))
    const lines = ndjson.slice(0, 10_000).split('\n').length
    small.fill(0xff, Math.floor(small.length * 0.9))
    const { items, error } = await readFileWith(small)
    expect(error).toMatchObject({ code: 'damaged-gzip' })
    expect(items.length).toBeGreaterThan(lines * 0.7)
  })

  it('gives the whole elements of a truncated array, without the one that is cut', async () => {
    const array = gzipSync(JSON.stringify(events, null, 1))
    const { items, error } = await readFileWith(array.subarray(0, array.length / 2))
    expect(items.length).toBeGreaterThan(5_000)
    expect(items.every((item) => item.kind === 'event')).toBe(true)
    expect(error).toMatchObject({ code: 'damaged-gzip' })
  })

  it('says so when the damage comes before the first line', async () => {
    const { items, error } = await readFileWith(compressed.subarray(0, 6))
    expect(items).toEqual([])
    expect(error?.message).toContain('stopped before its first line ended')
  })

  it('takes other bytes behind the last member for damage', async () => {
    const { items, error } = await readFileWith(Buffer.concat([compressed, Buffer.from('trailing text')]))
    expect(error).toMatchObject({ code: 'damaged-gzip' })
    expect(items.length).toBeGreaterThan(events.length * 0.9)
  })

  it('hands out a highly compressed file in pieces, not at once', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '))
    let before = 0
    let largest = 0
    for await (const piece of gunzip(sliced(bomb, [16_384]))) {
      before += piece.length
      largest = Math.max(largest, piece.length)
    }
    expect(before).toBe(64 * 1024 * 1024)
    expect(largest).toBeLessThanOrEqual(64 * 1024)
  })

  it('closes its source when it is left early, and when it fails', async () => {
    const left = sliced(compressed, [1000])
    for await (const piece of gunzip(left)) if (piece.length > 0) break
    expect(left.destroyed).toBe(true)

    const failing = sliced(Buffer.from('not gzip at all, not by any means'), [4])
    await expect(gunzip(failing).next()).rejects.toBeInstanceOf(GzipDamage)
    expect(failing.destroyed).toBe(true)
  })
})
