import fc from 'fast-check'
import { shortened } from '../../src/cli/shortened.js'
import { renderTable } from '../../src/cli/table.js'
import { renderValues } from '../../src/cli/values.js'

describe('long texts', () => {
  it('are cut after 2,000 characters, say how long they are and where all of it is', () => {
    expect(shortened('x'.repeat(2000))).toBe('x'.repeat(2000))
    expect(shortened('x'.repeat(40_000))).toBe(`${'x'.repeat(2000)}… (40,000 characters; --json shows all)`)
  })

  it('are never cut within a surrogate pair', () => {
    expect(shortened(`${'x'.repeat(1999)}😀${'y'.repeat(9)}`)).toMatch(/x… \(2,010 characters/)
    fc.assert(
      fc.property(fc.array(fc.constantFrom('x', '😀', '日'), { minLength: 1500, maxLength: 2500 }), (characters) => {
        expect(shortened(characters.join('')).isWellFormed()).toBe(true)
      })
    )
    // As many code units as the table looks at, and so many combining marks that all of them fit.
    const cell = `${'\u0301'.repeat(39)}😀${'\u0301'.repeat(9)}`
    expect(renderTable(['a'], [[cell]], { width: 10, colour: false })).not.toContain('\\ud83d')
  })

  it('are cut as names and values of properties', () => {
    const lines = renderValues({ ['n'.repeat(5000)]: 1, x: 'v'.repeat(5000), y: 2 }, 'none').split('\n')
    expect(lines).toHaveLength(3)
    expect(lines[0]).toMatch(/^ {2}n{2000}… \(5,000 characters; --json shows all\) {2}1$/)
    expect(lines[1]).toMatch(/^ {2}x +"v{1999}… \(5,002 characters; --json shows all\)$/)
    expect(renderValues({}, 'none')).toBe('  (none)')
  })
})
