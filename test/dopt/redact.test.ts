import fc from 'fast-check'
import { redact } from '../../src/dopt/redact.js'

const key = fc
  .string({ minLength: 6, maxLength: 40, unit: 'grapheme-ascii' })
  .filter((text) => /^[\x21-\x7e]+$/.test(text))

describe('redact', () => {
  it('leaves no form of the key in a text', () => {
    fc.assert(
      fc.property(key, fc.string(), fc.string(), (apiKey, before, after) => {
        for (const form of [apiKey, encodeURIComponent(apiKey), JSON.stringify(apiKey).slice(1, -1)]) {
          expect(redact(before + form + after, apiKey)).not.toContain(form)
        }
      })
    )
  })

  it('leaves other texts as they are', () => {
    expect(redact('nothing to hide', 'secret-key')).toBe('nothing to hide')
    expect(redact('no key, no secret', '')).toBe('no key, no secret')
    expect(redact('x-api-key is missing or wrong', 'wrong')).toBe('x-api-key is missing or wrong')
  })
})
