import { readdirSync, readlinkSync } from 'node:fs'
import { PassThrough, Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { readEvents } from '../../src/intake/read-events.js'
import { itUnless } from '../helpers/skipped.js'
import { readAll, sliced, summary, withFile } from './reading.js'

const MEBIBYTE = 1024 * 1024

/** Asked synchronously: a handle that closes only a moment later is still among them. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return '' // the descriptor of this very listing
    }
  })
}

/** Gives `block` over and over, between `before` and `after`, and measures the memory of buffers meanwhile. */
function repeating(
  before: string,
  block: Buffer,
  times: number,
  after: string
): { stream: Readable; peak: () => number } {
  const start = process.memoryUsage().arrayBuffers
  let peak = 0
  const stream = Readable.from(
    (function* () {
      yield Buffer.from(before)
      for (let turn = 0; turn < times; turn++) {
        peak = Math.max(peak, process.memoryUsage().arrayBuffers - start)
        yield block
      }
      yield Buffer.from(after)
    })()
  )
  return { stream, peak: () => peak }
}

describe('reading a stream', () => {
  it.each([
    ['line', '{}\n{"a":"', '"}\n{"b":1}\n', 2],
    ['array element', '[{},\n{"a":"', '"},{"b":1}]', 2]
  ])('keeps memory bounded over a %s of 50 MB', async (_, before, after, line) => {
    const { stream, peak } = repeating(before, Buffer.alloc(MEBIBYTE / 4, 'x'), 200, after)
    const { items } = await readAll(stream)
    expect(items).toMatchObject([
      { kind: 'event', line: 1 },
      { kind: 'malformed', line, reason: 'longer than the limit of 1,048,576 bytes', raw: `{"a":"${'x'.repeat(4090)}` },
      { kind: 'event', event: { b: 1 } }
    ])
    expect(peak()).toBeLessThan(8 * MEBIBYTE)
  })

  it('ends a chunk when its events have taken so many bytes, however few they are', async () => {
    const blocks = Array.from({ length: 40 }, () => Buffer.from(`${JSON.stringify({ pad: 'x'.repeat(300_000) })}\n`))
    const chunks: number[] = []
    for await (const items of readEvents(Readable.from(blocks), 'x')) chunks.push(items.length)
    expect(chunks.reduce((a, b) => a + b)).toBe(40)
    expect(Math.max(...chunks)).toBeLessThanOrEqual(8)
  })

  it('reads an array of many events on one line in bounded memory', async () => {
    const block = Buffer.from('{"type":"identify","userId":"u1","traits":{"plan":"pro"}},'.repeat(1000))
    const { stream, peak } = repeating('[', block, 200, '{}]')
    let count = 0
    for await (const chunk of readEvents(stream, 'stdin')) count += chunk.length
    expect(count).toBe(200_001)
    expect(peak()).toBeLessThan(8 * MEBIBYTE)
  })

  it('does not read ahead of a consumer that takes its time', async () => {
    let given = 0
    const block = Buffer.from('{"a":1}\n'.repeat(1000))
    const stream = new Readable({
      read() {
        given++
        this.push(given > 10_000 ? null : block)
      }
    })
    const reader = readEvents(stream, 'stdin')
    await reader.next()
    await sleep(20)
    expect(given).toBeLessThan(20)
    await reader.return()
  })

  it('hands out what a live stream has given, without waiting for more', async () => {
    const stream = new PassThrough()
    const reader = readEvents(stream, 'stdin')
    stream.write('{"a":1}\n{"b":')
    expect(await reader.next()).toMatchObject({ value: [{ line: 1, event: { a: 1 } }] })
    stream.write('2}\n')
    expect(await reader.next()).toMatchObject({ value: [{ line: 2, event: { b: 2 } }] })
    stream.end()
    expect(await reader.next()).toMatchObject({ done: true })
  })

  it('takes text and empty chunks as well as bytes', async () => {
    const { items } = await readAll(Readable.from(['{"a":"', '', 'ü"}\n', new Uint8Array([0x7b, 0x7d])]))
    expect(summary(items)).toEqual(['1 {"a":"ü"}', '2 {}'])
  })

  it('tells how many bytes it has taken from the source, before unpacking', async () => {
    const compressed = gzipSync('{"a":1}\n'.repeat(100_000))
    let taken = 0
    await readAll(sliced(compressed, [100]), { onSourceBytes: (bytes) => (taken += bytes) })
    expect(taken).toBe(compressed.length)
  })
})

describe('leaving early', () => {
  const content = '{"a":1}\n'.repeat(500_000)

  it.each([
    ['plain', Buffer.from(content)],
    ['gzipped', gzipSync(content)]
  ])('closes a %s stream', async (_, bytes) => {
    const stream = sliced(bytes, [1000])
    for await (const chunk of readEvents(stream, 'stdin')) if (chunk.length > 0) break
    expect(stream.destroyed).toBe(true)
  })

  const onLinux = itUnless(process.platform === 'linux' ? undefined : 'only Linux tells which files are open')
  for (const [kind, bytes] of [
    ['plain', Buffer.from(content)],
    ['gzipped', gzipSync(content)]
  ] as const) {
    onLinux(`closes the handle of a ${kind} file`, async () => {
      await withFile(bytes, async (path) => {
        for await (const chunk of readEvents(path, path)) {
          expect(chunk).toHaveLength(500)
          break
        }
        expect(openFiles()).not.toContain(path)
      })
    })
  }

  it('closes a live stream that is being waited for', async () => {
    const stream = new PassThrough()
    stream.write('{"a":1}\n')
    for await (const chunk of readEvents(stream, 'stdin')) if (chunk.length > 0) break
    expect(stream.destroyed).toBe(true)
  })

  it('ends without an error when its signal aborts, also while the stream gives nothing', async () => {
    const stream = new PassThrough()
    const controller = new AbortController()
    const reader = readEvents(stream, 'stdin', { signal: controller.signal })
    stream.write('{"a":1}\n')
    await reader.next()
    const last = reader.next()
    controller.abort()
    expect(await last).toMatchObject({ done: true })
    expect(stream.destroyed).toBe(true)
  })

  it('reads nothing when its signal has aborted before', async () => {
    const stream = new PassThrough()
    expect(await readAll(stream, { signal: AbortSignal.abort() })).toEqual({ chunks: [], items: [] })
    expect(stream.destroyed).toBe(true)
  })
})
