import { loggableCode } from '../../src/delivery/loggable-code.js'

test.each(['invalid_request_error', 'E.404', undefined])('%p is logged as it is', (code) => {
  expect(loggableCode(code)).toBe(code)
})

test.each(['invalid value someone@example.com', 'two\nlines', '', 'x'.repeat(65)])('%j is not', (code) => {
  expect(loggableCode(code)).toBe('(not a code)')
})
