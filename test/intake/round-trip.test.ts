import fc from 'fast-check'
import type { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import type { ReadItem } from '../../src/intake/read-events.js'
import { FIRST_LOOK, readAll, sliced } from './reading.js'

const event = fc.dictionary(fc.string({ unit: 'binary', maxLength: 8 }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 5 })
const events = fc.array(event, { maxLength: 30 })
const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 })
const space = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r'), maxLength: 4 })
const gzipped = fc.boolean()
const chunkItems = fc.integer({ min: 1, max: 10 })

/** JSON text tells own properties, their order and `__proto__` apart, where comparing objects does not. */
const texts = (items: readonly ReadItem[]): string[] =>
  items.map((item) => (item.kind === 'event' ? JSON.stringify(item.event) : `malformed: ${item.reason}`))
const packed = (text: string, gzip: boolean, slices: number[]): Readable =>
  gzip ? sliced(gzipSync(FIRST_LOOK + text), slices) : sliced(text, slices, FIRST_LOOK)
const lineOf = (text: string, at: number): number => text.slice(0, at).split('\n').length

describe('whatever the events and however they arrive', () => {
  it('reads NDJSON back exactly, with the right lines', async () => {
    const blankLines = fc.array(fc.nat(2), { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(events, sizes, gzipped, chunkItems, blankLines, async (list, slices, gzip, items, blank) => {
        let text = ''
        const lines: number[] = []
        for (const [index, value] of list.entries()) {
          text += '\n'.repeat(blank[index % blank.length] ?? 0)
          lines.push(lineOf(text, text.length))
          text += `${JSON.stringify(value)}\n`
        }
        const read = await readAll(packed(text, gzip, slices), { chunkItems: items })
        expect(texts(read.items)).toEqual(list.map((value) => JSON.stringify(value)))
        expect(read.items.map((item) => item.line)).toEqual(lines)
        expect(read.chunks.every((chunk) => chunk.length > 0 && chunk.length <= items)).toBe(true)
      })
    )
  })

  it('reads an array with any white space back exactly, with the right lines', async () => {
    const spaces = fc.array(space, { minLength: 1, maxLength: 6 })
    const indent = fc.constantFrom(undefined, 1, '\t')
    await fc.assert(
      fc.asyncProperty(events, sizes, gzipped, spaces, indent, async (list, slices, gzip, gaps, step) => {
        let turn = 0
        const gap = (): string => gaps[turn++ % gaps.length] ?? ''
        const lines: number[] = []
        let text = `${gap()}[${gap()}`
        for (const [index, value] of list.entries()) {
          text += index === 0 ? gap() : `${gap()},${gap()}`
          lines.push(lineOf(text, text.length))
          text += JSON.stringify(value, null, step)
        }
        text += `${gap()}]${gap()}`
        const read = await readAll(packed(text, gzip, slices))
        expect(texts(read.items)).toEqual(list.map((value) => JSON.stringify(value)))
        expect(read.items.map((item) => item.line)).toEqual(lines)
      })
    )
  })

  it('makes the same of any text, however it is sliced', async () => {
    const token = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      '\\',
      ',',
      ':',
      '\n',
      ' ',
      '1',
      'é',
      '🙂',
      '{"a":1}',
      '\n{"b":"',
      '"},'
    )
    const text = fc
      .tuple(fc.constantFrom('', '['), fc.array(token, { maxLength: 60 }))
      .map(([first, rest]) => first + rest.join(''))
    await fc.assert(
      fc.asyncProperty(text, sizes, async (input, slices) => {
        const whole = await readAll(sliced(input, [10_000], FIRST_LOOK), { maxEventBytes: 40 })
        const pieces = await readAll(sliced(input, slices, FIRST_LOOK), { maxEventBytes: 40 })
        expect(pieces.items).toEqual(whole.items)
      }),
      { numRuns: 300 }
    )
  })
})
