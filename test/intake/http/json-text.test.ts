import fc from 'fast-check'
import { findMistake } from '../../../src/intake/http/json-mistake.js'
import { firstElement, outlineOf } from '../../../src/intake/http/json-text.js'

/** JSON texts with all sorts of strings and blanks. */
const text = fc
  .tuple(fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' }), fc.constantFrom(undefined, 1, '\t'))
  .map(([value, blanks]) => ({ value, text: JSON.stringify(value, null, blanks) }))

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

describe('the nesting of a text', () => {
  it('is that of its value', () => {
    fc.assert(
      fc.property(text, ({ value, text }) => {
        expect(outlineOf(Buffer.from(text)).depth).toBe(depthOf(value))
      })
    )
  })

  it('is counted also where it never ends', () => {
    expect(outlineOf(Buffer.from('['.repeat(100_000))).depth).toBe(100_000)
    expect(outlineOf(Buffer.from('{"a\\"{":"[[[')).depth).toBe(1)
    expect(outlineOf(Buffer.from(']]][[')).depth).toBe(0)
  })
})

describe('the longest event of a text', () => {
  const longest = (events: unknown[]): number =>
    Math.max(
      0,
      ...events
        .filter((event) => typeof event === 'object' && event !== null)
        .map((event) => Buffer.byteLength(JSON.stringify(event)))
    )

  it('is that of the array, or of the batch in an object', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ stringUnit: 'binary' })), (events) => {
        for (const text of [JSON.stringify(events), JSON.stringify({ batch: events, sentAt: ']' })]) {
          expect(outlineOf(Buffer.from(text)).longestEvent).toBe(longest(events))
        }
      })
    )
  })

  it('counts blanks in it, and none around it', () => {
    expect(outlineOf(Buffer.from(' [ {"a": 1 } , [] ]')).longestEvent).toBe(9)
    expect(outlineOf(Buffer.from('{"batch": [ {"a": 1 } ], "context": {"b": {"c":"long enough"}}}')).longestEvent).toBe(
      19
    )
  })
})

describe('the first element', () => {
  it('is the text of it, byte for byte', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ stringUnit: 'binary' }), { minLength: 1 }), (values) => {
        expect(firstElement(Buffer.from(JSON.stringify(values)))?.toString()).toBe(
          Buffer.from(JSON.stringify(values[0])).toString()
        )
      })
    )
  })

  it.each([
    [' [ {"a": [1, 2]} , 3]', '{"a": [1, 2]}'],
    ['["]", 1]', '"]"'],
    ['[ 1 ]', '1'],
    ['[]', undefined],
    ['[ ]', undefined],
    ['{"a":1}', undefined],
    ['', undefined],
    ['[{"a":1}', undefined],
    ['["', undefined]
  ])('of %s is %s', (json, first) => {
    expect(firstElement(Buffer.from(json))?.toString()).toBe(first)
  })
})

describe('the first mistake', () => {
  it('is not found where there is none', () => {
    fc.assert(
      fc.property(text, ({ text }) => {
        expect(findMistake(text).position).toBe(text.length)
      })
    )
  })

  it('is where V8 sees it, when it says where', () => {
    fc.assert(
      fc.property(text, fc.nat(), fc.constantFrom('x', '}', ']', ':', '"', '\n', '\\'), ({ text }, place, what) => {
        const at = place % (text.length + 1)
        const broken = text.slice(0, at) + what + text.slice(at)
        fc.pre(!isJson(broken))
        const { position } = findMistake(broken)
        const saidByV8 = positionSaid(broken)
        fc.pre(saidByV8 !== undefined)
        // V8 may point into the string or word that this points at the start of.
        expect(broken.slice(position, saidByV8)).toMatch(/^$|^"|^[-+.\w]+$/)
      })
    )
  })

  it.each([
    ['[1,{"a":2}', { position: 10, event: 1 }],
    ['{"batch":[{"a":[1,2,x', { position: 20, event: 0 }],
    ['{"a":{"b":[1,2', { position: 14, event: undefined }],
    ['{"batch":[1,2],"c":[1', { position: 21, event: 0 }],
    ['{"a":1}}', { position: 7, event: undefined }],
    ['', { position: 0, event: undefined }],
    ['nul', { position: 0, event: undefined }],
    ['[1,]', { position: 3, event: 1 }],
    ['{"a":1,}', { position: 7, event: undefined }],
    ['[01]', { position: 2, event: 0 }],
    ['["a\u0007"]', { position: 1, event: 0 }]
  ])('in %j is at %j', (text, mistake) => {
    expect(findMistake(text)).toEqual(mistake)
  })
})

function isJson(text: string): boolean {
  return errorOf(text) === undefined
}

function positionSaid(text: string): number | undefined {
  const position = / at position (\d+)/.exec(errorOf(text) ?? '')?.[1]
  return position === undefined ? undefined : Number(position)
}

function errorOf(text: string): string | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    return String(error)
  }
}
