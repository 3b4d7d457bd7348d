import { tryAgain } from './http-error.js'

const RETRY_SECONDS = 1

/** Keeps the bodies that are held at a time within a bound, so that memory is, too. */
export class Admission {
  #bytes = 0

  constructor(private readonly maxBytes: number) {}

  /**
   * Makes room for a body. The function that it returns gives the room back, and may be called more than once.
   * Throws HttpError when there is none left.
   */
  admit(bytes: number): () => void {
    // One body has to fit, however small the bound.
    if (this.#bytes > 0 && this.#bytes + bytes > this.maxBytes) {
      throw tryAgain('overloaded', 'too much is being received at once: send it again', RETRY_SECONDS)
    }
    this.#bytes += bytes
    let left = bytes
    return () => {
      this.#bytes -= left
      left = 0
    }
  }
}
