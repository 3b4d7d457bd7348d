import fc from 'fast-check'
import { renderTable } from '../../src/cli/table.js'
import { isTerminal, wantsColour } from '../../src/cli/terminal.js'

const plain = { width: 80, colour: false }

describe('tables', () => {
  it('are aligned, numbers to the right, without borders', () => {
    const rows = [
      ['delivered', 1234, 'ok'],
      ['failed', 5, '']
    ]
    expect(renderTable(['state', 'batches', 'note'], rows, plain)).toBe(
      ['state      batches  note', 'delivered    1,234  ok', 'failed           5'].join('\n')
    )
  })

  it('consist of their head if there are no rows', () => {
    expect(renderTable(['id', 'state'], [], plain)).toBe('id  state')
  })

  it('make escape sequences, line breaks and reversed text in cells visible', () => {
    const cell = '\u007f\u001b[2J\u001b]0;x\u0007a\r\nb\u009b31m\u202egpj\u200b\u2028\u{e0041}\ud800'
    expect(renderTable(['user'], [[cell]], plain)).toBe(
      'user\n␡␛[2J␛]0;x␇a␍␊b\\u009b31m\\u202egpj\\u200b\\u2028\\u{e0041}\\ud800'
    )
  })

  it('never let a control character through, and keep one line per row', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string(), fc.integer())), (rows) => {
        const lines = renderTable(['a', 'b', 'c'], rows, plain).split('\n')
        expect(lines).toHaveLength(rows.length + 1)
        expect(lines.join('')).not.toMatch(/\p{Cc}/u)
      })
    )
  })

  it('cut the widest columns to fit the width', () => {
    const table = renderTable(['id', 'error'], [['batch-17', 'x'.repeat(100)]], { width: 40, colour: false })
    expect(table.split('\n')[1]).toBe(`batch-17  ${'x'.repeat(29)}…`)
  })

  it('stay readable if the columns cannot fit', () => {
    const cells = Array.from({ length: 12 }, () => 'abcdefghijkl')
    expect(renderTable(cells, [cells], plain).split('\n')[1]).toBe(Array(12).fill('abcdefg…').join('  '))
  })

  it('count wide characters as two columns and combining marks as none', () => {
    const rows = [
      ['日本語日本語日本語', 'x'],
      ['e\u0301'.repeat(12), 'y']
    ]
    expect(renderTable(['n', 'm'], rows, { width: 14, colour: false })).toBe(
      [`n${' '.repeat(12)}m`, '日本語日本…  x', `${'e\u0301'.repeat(10)}…  y`].join('\n')
    )
  })

  it('handle a cell of a megabyte', () => {
    const startedAt = performance.now()
    const table = renderTable(['a', 'b'], [['x'.repeat(1_000_000), '\u0301'.repeat(1_000_000)]], plain)
    expect(table.length).toBeLessThan(2000)
    expect(performance.now() - startedAt).toBeLessThan(1000)
  })

  it('have a bold head if colours are wanted, and no colours otherwise', () => {
    expect(renderTable(['id'], [['a']], { colour: true })).toBe('\u001b[1mid\u001b[22m\na')
    // In a test run stdout is not a terminal, or NO_COLOR is set; either way the default depends on the terminal.
    const expected = wantsColour(process.stdout) ? '\u001b[1mid\u001b[22m\na' : 'id\na'
    expect(renderTable(['id'], [['a']])).toBe(expected)
  })
})

describe('colours', () => {
  it('are for terminals, unless NO_COLOR is set or the terminal knows none', () => {
    expect(wantsColour({ isTTY: true }, {})).toBe(true)
    expect(wantsColour({ isTTY: true }, { NO_COLOR: '' })).toBe(true)
    expect(wantsColour({ isTTY: true }, { NO_COLOR: '1' })).toBe(false)
    expect(wantsColour({ isTTY: true }, { TERM: 'dumb' })).toBe(false)
    expect(wantsColour({}, {})).toBe(false)
    expect(isTerminal({ isTTY: true }, { NO_COLOR: '1' })).toBe(true)
  })
})
