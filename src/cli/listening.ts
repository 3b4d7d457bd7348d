import { systemCode } from '../system-code.js'
import { UsageError } from './errors.js'

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** Says why a server could not listen, and what to do. Returns any other error unchanged. */
export function explainListening(error: unknown, { port, host }: { port: number; host?: string | undefined }): unknown {
  switch (systemCode(error)) {
    case 'EADDRINUSE':
      return new UsageError(`port ${port} is in use: stop the program that uses it, or choose another with --port`)
    case 'EACCES':
      return new UsageError(
        `port ${port} needs more privileges than this user has: choose one from 1024 up with --port`
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new UsageError(`this machine has no address ${host ?? ''}: choose another with --host`)
    default:
      return error
  }
}
