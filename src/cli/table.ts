import Table from 'cli-table3'
import { formatCount } from './format-number.js'
import { printable } from './printable.js'
import { beginning } from './shortened.js'
import { wantsColour } from './terminal.js'

/** Numbers are written `1,234`; a column of numbers only is right-aligned. */
export type TableCell = string | number

export interface TableOptions {
  /** In characters. Default: the width of the terminal; 1000 if stdout is none, so that programs get whole ids. */
  width?: number
  /** Default: when stdout is a terminal and NO_COLOR is not set. */
  colour?: boolean
}

const BOLD = '\u001b[1m'
const NOT_BOLD = '\u001b[22m'
const GAP = 2
const NARROWEST = 8
/** Properties can be very long, and a column is as wide as its widest cell. */
const WIDTH_OF_FILES = 1000
const NO_BORDERS = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '' },
  ...{ 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '' }
}

/**
 * A table without borders, one line per row, without a line break at its end. Cells may come from anyone, so control
 * characters are made visible. If the table is too wide, the widest columns are truncated, with `…`.
 */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly TableCell[])[],
  options: TableOptions = {}
): string {
  const { width = outputWidth(), colour = wantsColour(process.stdout) } = options
  const texts = [head, ...rows].map((row) => row.map((cell) => textOf(cell, width)))
  const widths = fit(
    head.map((_, column) => Math.max(...texts.map((row) => displayWidth(row[column] ?? '')))),
    width
  )
  const [titles = [], ...lines] = texts.map((row) => row.map((text, column) => cut(text, widths[column] ?? NARROWEST)))

  const table = new Table({
    head: colour ? titles.map((title) => `${BOLD}${title}${NOT_BOLD}`) : titles,
    colAligns: head.map((_, column) => (isNumeric(rows, column) ? 'right' : 'left')),
    chars: NO_BORDERS,
    // Turns off the library's own colours, which ignore our rules.
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': GAP }
  })
  table.push(...lines)
  return table.toString().replace(/ +$/gm, '')
}

function outputWidth(): number {
  // Some terminals report a width of 0.
  return process.stdout.isTTY ? process.stdout.columns || 80 : WIDTH_OF_FILES
}

function textOf(cell: TableCell, width: number): string {
  // More than this cannot be shown anyway; truncating first saves work.
  return typeof cell === 'number'
    ? formatCount(cell)
    : printable(cell.length > 4 * width ? `${beginning(cell, 4 * width)}…` : cell)
}

function isNumeric(rows: readonly (readonly TableCell[])[], column: number): boolean {
  return rows.length > 0 && rows.every((row) => typeof row[column] === 'number')
}

/** Narrows the widest columns until all fit, but none below NARROWEST. */
function fit(natural: readonly number[], width: number): number[] {
  const widths = natural.map((columns) => Math.min(columns, width))
  let excess = widths.reduce((sum, columns) => sum + columns + GAP, -GAP) - width
  for (; excess > 0; excess--) {
    const widest = Math.max(...widths)
    if (widest <= NARROWEST) break
    widths[widths.indexOf(widest)] = widest - 1
  }
  return widths
}

function cut(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text
  let kept = ''
  let left = columns - 1
  for (const character of text) {
    left -= displayWidth(character)
    if (left < 0) break
    kept += character
  }
  return `${kept}…`
}

/** In terminal columns: East Asian wide characters and emoji take two, combining marks none. */
function displayWidth(text: string): number {
  const wide =
    /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/gu
  return [...text.replace(/\p{M}/gu, '').replace(wide, '  ')].length
}
