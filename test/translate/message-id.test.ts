import fc from 'fast-check'
import { messageIdOf } from '../../src/translate/message-id.js'

const EVENT = { type: 'identify', userId: 'u', traits: { a: 1, b: { c: [1, 2], d: null } }, timestamp: '2026-01-01' }

/** The same content with the keys of every object in the opposite order. */
function reversed(object: object): Record<string, unknown> {
  const entries = Object.entries(object).map(([key, value]: [string, unknown]): [string, unknown] => [
    key,
    typeof value === 'object' && value !== null && !Array.isArray(value) ? reversed(value) : value
  ])
  return Object.fromEntries(entries.reverse())
}

describe('a message id', () => {
  it('is the one that the event has', () => {
    expect(messageIdOf({ ...EVENT, messageId: 'api-123' })).toBe('api-123')
    expect(messageIdOf({ ...EVENT, messageId: ' spaced ' })).toBe(' spaced ')
    expect(messageIdOf({ ...EVENT, messageId: 0 })).toBe('0')
  })

  it('is shortened where no program gives one as long, and still tells messages apart', () => {
    const long = 'x'.repeat(5000)
    const id = messageIdOf({ messageId: long })
    expect(id.length).toBeLessThanOrEqual(256)
    expect(messageIdOf({ messageId: long })).toBe(id)
    expect(messageIdOf({ messageId: `${long}y` })).not.toBe(id)
    expect(messageIdOf({ messageId: 'x'.repeat(256) })).toBe('x'.repeat(256))
  })

  it.each([[undefined], [null], [''], [{}], [[]], [true]])('that is %j is derived from the content', (messageId) => {
    expect(messageIdOf({ ...EVENT, messageId })).toBe(messageIdOf(EVENT))
    expect(messageIdOf(EVENT)).toMatch(/^derived-[0-9a-f]{40}$/)
  })

  it('does not change: stores hold it', () => {
    expect(messageIdOf(EVENT)).toBe('derived-da6c85859b7d5e20a40b15fdbcdc3fd3b64f72b2')
  })

  it('is the same for the same content in any order of keys, at every depth', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (content) => {
        const event = { type: 'identify', ...content }
        expect(messageIdOf(reversed(event))).toBe(messageIdOf(event))
      })
    )
  })

  it('differs where the content does, the order of a list included', () => {
    const others = [
      { ...EVENT, userId: 'v' },
      { ...EVENT, userId: ['u'] },
      { ...EVENT, traits: { ...EVENT.traits, a: '1' } },
      { ...EVENT, traits: { a: 1, b: { c: [2, 1], d: null } } },
      { ...EVENT, traits: { a: 1, b: { c: [1, 2] } } },
      { ...EVENT, timestamp: '2026-01-02' },
      { ...EVENT, context: {} }
    ]
    const ids = [EVENT, ...others].map(messageIdOf)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it.each([12_345_678_901_234_567_000, 1.5])('%d is not enough: several are read as that number', (messageId) => {
    const ids = [EVENT, { ...EVENT, userId: 'v' }].map((event) => messageIdOf({ ...event, messageId }))
    expect(ids[0]).toBe(messageIdOf({ ...EVENT, messageId }))
    expect(new Set([...ids, messageIdOf(EVENT)]).size).toBe(3)
  })

  it('depends on when the event was received where nothing else says when it happened', () => {
    const untimed = { ...EVENT, timestamp: undefined }
    const received = (day: string) => messageIdOf({ ...untimed, receivedAt: `2026-10-${day}` })
    expect(received('01')).toBe(received('01'))
    expect(new Set([received('01'), received('02'), messageIdOf(untimed)]).size).toBe(3)
    expect(messageIdOf({ ...untimed, receivedAt: 'soon' })).toBe(messageIdOf(untimed))
    const timed = { ...untimed, originalTimestamp: '2026-09-30' }
    expect(messageIdOf({ ...timed, receivedAt: '2026-10-01' })).toBe(messageIdOf(timed))
  })

  it('does not hang on when the event was sent and received', () => {
    const again = { ...EVENT, sentAt: '2026-01-03', receivedAt: '2026-01-04' }
    expect(messageIdOf(again)).toBe(messageIdOf(EVENT))
    expect(messageIdOf({ ...EVENT, traits: { ...EVENT.traits, sentAt: 'x' } })).not.toBe(messageIdOf(EVENT))
  })
})
