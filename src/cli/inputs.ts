import { accessSync, closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { detectUnreadable, isGzip, SNIFF_BYTES } from '../intake/detect-format.js'
import { InputError, InputErrors } from '../intake/input-error.js'
import { UsageError } from './errors.js'

export interface Input {
  /** Its name in messages. */
  name: string
  source: string | Readable
  /** Undefined for a stream. */
  bytes: number | undefined
}

const STDIN = '-'

/**
 * The inputs to read. Every file is checked before any is read, so that a mistake in the last name is found before the
 * first file is sent. Throws UsageError or InputError.
 */
export function findInputs(names: readonly string[], stdin: Readable & { isTTY?: boolean; fd?: number }): Input[] {
  if (names.length === 0 && stdin.isTTY === true) {
    throw new UsageError(
      'nothing to read: give a file, pipe events into this command, or add - to type them (see --help)'
    )
  }
  if ((names.length === 0 || names.includes(STDIN)) && stdin.fd !== undefined && fstatSync(stdin.fd).isDirectory()) {
    throw new UsageError('standard input is a directory: name the files in it instead')
  }
  if (names.includes('')) throw new UsageError('a file name is empty: give one, or - for standard input')
  if (names.filter((name) => name === STDIN).length > 1) throw new UsageError('- can be read only once: give it once')
  return (names.length === 0 ? [STDIN] : names).map((name) =>
    name === STDIN ? { name: 'stdin', source: stdin, bytes: undefined } : { name, source: name, bytes: checkFile(name) }
  )
}

/** The total size, if all inputs are files. */
export function totalBytes(inputs: readonly Input[]): number | undefined {
  return inputs.every(({ bytes }) => bytes !== undefined)
    ? inputs.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0)
    : undefined
}

/** The size of a plain file; undefined for a pipe, which is not opened here: closing it again would stop its writer. */
function checkFile(name: string): number | undefined {
  const errors = new InputErrors(name)
  try {
    const stats = statSync(name)
    if (!stats.isFile() && !stats.isDirectory()) {
      accessSync(name, constants.R_OK)
      return undefined
    }
    checkHead(errors, readHead(name))
    return stats.size
  } catch (error) {
    throw error instanceof InputError ? error : errors.reading(error)
  }
}

function readHead(name: string): Buffer {
  const file = openSync(name, 'r')
  try {
    const head = Buffer.alloc(SNIFF_BYTES)
    return head.subarray(0, readSync(file, head))
  } finally {
    closeSync(file)
  }
}

function checkHead(errors: InputErrors, head: Buffer): void {
  if (isGzip(head)) return
  const unreadable = detectUnreadable(head)
  if (unreadable === 'binary') throw errors.binary()
  if (unreadable !== undefined) throw errors.utf16(unreadable)
}
