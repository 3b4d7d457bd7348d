import { tryAgain } from './http-error.js'

const RETRY_SECONDS = 1

/** The room that one body takes. */
export interface Room {
  /** For bytes that have arrived, or have come of unpacking. Throws HttpError where there is none left. */
  take(bytes: number): void
  /** Gives back all that was taken. May be called more than once. */
  release(): void
}

/** Keeps the bodies that are held at a time within a bound, so that memory is, too. */
export class Admission {
  #bytes = 0

  constructor(private readonly maxBytes: number) {}

  room(): Room {
    let own = 0
    return {
      take: (bytes) => {
        // One body has to fit, however small the bound.
        if (this.#bytes > own && this.#bytes + bytes > this.maxBytes) {
          throw tryAgain('overloaded', 'too much is being received at once: retry', RETRY_SECONDS)
        }
        this.#bytes += bytes
        own += bytes
      },
      release: () => {
        this.#bytes -= own
        own = 0
      }
    }
  }
}
