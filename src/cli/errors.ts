import { InputError } from '../intake/read-events.js'
import { StoreError } from '../store/errors.js'
import { EXIT, type ExitCode } from './exit-codes.js'
import { printable } from './printable.js'

/** Wrong usage or configuration; `message` is one line that says how to fix it. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly code = 'configuration'
}

/** The usage is right, but the command cannot do what was asked; `message` is one line. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly code = 'command'
}

/** One line for standard error. */
export function lineOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unexpected error: run again with --log-level debug for details'
  const message = printable(error.message)
  return isExpected(error) ? message : `unexpected error: ${message} (run again with --log-level debug for details)`
}

export function exitCodeOf(error: unknown): ExitCode {
  // A store that is full, locked, closed or gone is no mistake in usage; the other codes mean that the wrong file was
  // given.
  if (error instanceof StoreError)
    return error.isPassing || ['closed', 'gone'].includes(error.code) ? EXIT.incomplete : EXIT.usage
  if (error instanceof InputError) return ['damaged-gzip', 'empty'].includes(error.code) ? EXIT.incomplete : EXIT.usage
  return isConfigurationError(error) ? EXIT.usage : EXIT.incomplete
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
