import { systemCode } from '../system-code.js'

export type InputErrorCode =
  'missing' | 'is-directory' | 'unreadable' | 'empty' | 'binary' | 'utf16' | 'not-json' | 'damaged-gzip'

/**
 * The input cannot be read, or not to its end. Everything before that was yielded. The message is one line: what
 * happened and what to do. It never contains text from the input.
 */
export class InputError extends Error {
  readonly code: InputErrorCode

  constructor(code: InputErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'InputError'
    this.code = code
  }
}

/** Creates the InputErrors of one input, named `name` in messages. */
export class InputErrors {
  readonly #name: string

  constructor(name: string) {
    // A file name may contain line breaks or terminal sequences, which must not be in a message.
    this.#name = name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
  }

  /** For an error while opening or reading, by its system code. */
  reading(cause: unknown): InputError {
    const name = this.#name
    const code = systemCode(cause)
    switch (code) {
      case 'ENOENT':
      case 'ENOTDIR':
        return new InputError('missing', `${name} does not exist: check the path`, { cause })
      case 'EISDIR':
        return new InputError('is-directory', `${name} is a directory: name the files in it instead`, { cause })
      case 'EACCES':
      case 'EPERM':
        return new InputError('unreadable', `${name} cannot be read, permission denied: allow this user to read it`, {
          cause
        })
      default:
        return new InputError('unreadable', `${name} cannot be read (${code}): check it and run again`, { cause })
    }
  }

  empty(): InputError {
    return new InputError(
      'empty',
      `${this.#name} is empty: check that the program that wrote it finished without an error`
    )
  }

  binary(): InputError {
    return new InputError(
      'binary',
      `${this.#name} is binary, not JSON text: give NDJSON, a JSON array, or either of them gzipped`
    )
  }

  utf16(encoding: 'UTF-16' | 'UTF-16LE' | 'UTF-16BE'): InputError {
    return new InputError(
      'utf16',
      `${this.#name} is ${encoding}, not UTF-8: convert it first (iconv -f ${encoding} -t UTF-8)`
    )
  }

  /** @param lines how many were read */
  notJson(lines: number): InputError {
    return new InputError(
      'not-json',
      `${this.#name} is not JSON: none of its first ${lines} lines is. Give NDJSON (an event in each line) or a JSON array`
    )
  }

  /** @param lines how many complete lines were read before the damage */
  damagedGzip(lines: number, cause: unknown): InputError {
    const extent = lines === 0 ? 'before its first line ended' : `after line ${lines}`
    return new InputError(
      'damaged-gzip',
      `${this.#name} is a damaged or incomplete gzip file: reading stopped ${extent}. Get a complete copy and run again`,
      { cause }
    )
  }
}
