import { quoteError, valuesOf } from '../../src/destination/quote.js'

const error = (details: string, code = 'invalid_request_error') => JSON.stringify({ code, details })

describe('quoteError', () => {
  test("gives Dopt's code and details", () => {
    expect(quoteError(error('property "plan" is not allowed'), [])).toBe(
      'invalid_request_error: property "plan" is not allowed'
    )
  })

  test.each(['', 'Bad Gateway', '<html><body>502</body></html>', '[]', 'null', '{}', '{"code":7}', '{"details":" "}'])(
    'gives nothing for %j',
    (body) => {
      expect(quoteError(body, [])).toBeUndefined()
    }
  )

  test('hides secrets', () => {
    expect(quoteError(error('ada@example.com may not be 36'), ['36', 'ada@example.com'])).toBe(
      'invalid_request_error: [value] may not be [value]'
    )
  })

  test('hides a long secret within a word, a short one only where it stands alone', () => {
    expect(quoteError(error('key_s3cr3tkey: property pro'), ['s3cr3tkey', 'pro'])).toBe(
      'invalid_request_error: key_[value]: property [value]'
    )
  })

  test('leaves no end of a secret that begins with another', () => {
    expect(quoteError(error('no ada@example.community'), ['ada@example.com', 'ada@example.community'])).toBe(
      'invalid_request_error: no [value]'
    )
  })

  test('takes secrets for text, not for patterns', () => {
    expect(quoteError(error('is (.*)+ or $&[x]'), ['(.*)+', '$&[x]'])).toBe(
      'invalid_request_error: is [value] or [value]'
    )
  })

  test('is one line of limited length, and cuts no secret in two', () => {
    const secret = 'secret'.repeat(40)
    const quoted = quoteError(error(`${'x'.repeat(200)}\n\n${secret}${'y'.repeat(400)}`), [secret]) ?? ''
    expect(quoted.length).toBeLessThanOrEqual(301)
    expect(quoted).toMatch(/^invalid_request_error: x{200} \[value\]y+…$/)
  })
})

describe('valuesOf', () => {
  test('gives strings and numbers, as they are and as JSON has them, and what is in JSON text', () => {
    const properties = JSON.stringify({ quote: 'say "hi"', age: 36, ok: true, none: null, tags: '["red",7]' })
    expect(new Set(valuesOf(properties))).toEqual(
      new Set(['say "hi"', 'say \\"hi\\"', '36', '["red",7]', '[\\"red\\",7]', 'red', '7'])
    )
  })
  test('gives a string without an end in JSON text, to the end of the text', () => {
    const values = [...valuesOf(JSON.stringify({ note: '["red", "an \\"unfinished' }))]
    expect(values.slice(2)).toEqual(['red', 'an \\"unfinished'])
  })
})
