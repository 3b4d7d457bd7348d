import { EXIT } from './exit-codes.js'

/** SIGINT and SIGTERM: the first signal asks for a clean shutdown, the second exits at once. */
export class Interrupt {
  readonly #abort = new AbortController()
  readonly #onSignal = (name: NodeJS.Signals): void => {
    if (this.received !== undefined) process.exit(EXIT.interrupted)
    this.received = name
    this.sayFirst?.(name)
    this.#abort.abort()
  }
  /** The first signal received. */
  received: NodeJS.Signals | undefined

  constructor(private readonly sayFirst?: (name: NodeJS.Signals) => void) {
    process.on('SIGINT', this.#onSignal)
    process.on('SIGTERM', this.#onSignal)
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Restores the default handling of signals. */
  dispose(): void {
    process.off('SIGINT', this.#onSignal)
    process.off('SIGTERM', this.#onSignal)
  }
}
