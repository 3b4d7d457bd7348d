import { tryAgain } from './http-error.js'

const RETRY_SECONDS = 1

/** The memory reserved for one body. */
export interface Room {
  /** Reserves room for received or decompressed bytes. Throws HttpError if there is none left. */
  take(bytes: number): void
  /** Releases all of it. May be called more than once. */
  release(): void
}

/** Limits the total size of the bodies being processed, and so the use of memory. */
export class Admission {
  #bytes = 0

  constructor(private readonly maxBytes: number) {}

  room(): Room {
    let own = 0
    return {
      take: (bytes) => {
        // One body always fits, however low the limit.
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
