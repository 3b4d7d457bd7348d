import { printable } from './printable.js'

/** A name and its value. A field whose value is undefined is left out. */
export type Field = readonly [name: string, value: string | undefined]

/** A longer name sticks out, so that it does not push every value to the right. */
const WIDEST_NAME = 30

/** One line per field, with the values aligned. Control characters in them are made visible. */
export function renderFields(fields: readonly Field[], indent = ''): string {
  const present = fields.filter((field): field is readonly [string, string] => field[1] !== undefined)
  const width = Math.min(WIDEST_NAME, Math.max(0, ...present.map(([name]) => name.length)))
  return present
    .map(([name, value]) => `${indent}${printable(name).padEnd(width)}  ${printable(value)}`.trimEnd())
    .join('\n')
}
