import { InputError } from '../intake/read-events.js'
import { StoreError } from '../store/errors.js'
import { EXIT, type ExitCode } from './exit-codes.js'
import { printable } from './printable.js'

/** Wrong usage or configuration; `message` is one line that says how to mend it. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly code = 'configuration'
}

/** What was asked for cannot be done, though it was asked for rightly; `message` is one line. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly code = 'command'
}

/** One line for standard error. */
export function lineOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unexpected error: run it again with --log-level debug to see more'
  const message = printable(error.message)
  return isExpected(error) ? message : `unexpected error: ${message} (run it again with --log-level debug to see more)`
}

export function exitCodeOf(error: unknown): ExitCode {
  // A store that is full or locked for now is used rightly; the other codes say that it is the wrong one.
  if (error instanceof StoreError)
    return error.isPassing || ['closed', 'gone'].includes(error.code) ? EXIT.incomplete : EXIT.usage
  if (error instanceof InputError) return error.code === 'damaged-gzip' ? EXIT.incomplete : EXIT.usage
  return isConfigurationError(error) ? EXIT.usage : EXIT.incomplete
}

/** The system's code, such as `EADDRINUSE`, or a name for what has none. */
export function systemCode(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return error instanceof Error ? error.name : 'unknown error'
}

function isConfigurationError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'configuration'
}

function isExpected(error: Error): boolean {
  return (
    error instanceof StoreError ||
    error instanceof InputError ||
    error instanceof CommandError ||
    isConfigurationError(error)
  )
}
