import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { detectUnreadable, isGzip, SNIFF_BYTES } from '../intake/detect-format.js'
import { InputError, InputErrors } from '../intake/input-error.js'
import { UsageError } from './errors.js'

export interface Input {
  /** What messages call it. */
  name: string
  source: string | Readable
  /** Undefined where it is a stream. */
  bytes: number | undefined
}

const STDIN = '-'

/**
 * What to read. Every file is looked at before anything is taken in, so that a slip in the last name is not found after
 * the first file has been sent. Throws UsageError or InputError.
 */
export function findInputs(names: readonly string[], stdin: Readable & { isTTY?: boolean }): Input[] {
  if (names.length === 0 && stdin.isTTY === true) {
    throw new UsageError(
      'nothing to read: name a file, pipe events into this command, or add - to type them (see "forward --help")'
    )
  }
  if (names.includes('')) throw new UsageError('the name of a file is empty: name one, or - for standard input')
  if (names.filter((name) => name === STDIN).length > 1) throw new UsageError('- can be read only once: name it once')
  return (names.length === 0 ? [STDIN] : names).map((name) =>
    name === STDIN ? { name: 'stdin', source: stdin, bytes: undefined } : { name, source: name, bytes: checkFile(name) }
  )
}

/** Together, where all of them are files. */
export function totalBytes(inputs: readonly Input[]): number | undefined {
  return inputs.every(({ bytes }) => bytes !== undefined)
    ? inputs.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0)
    : undefined
}

/** The size of a plain file; undefined for a pipe: to open one here and close it again would end what writes to it. */
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
