import { createHash, timingSafeEqual } from 'node:crypto'

/** Secrets, compared in constant time, which reveals nothing about them, not even their length. */
export class Secrets {
  readonly #digests: readonly Buffer[]

  constructor(secrets: readonly string[]) {
    this.#digests = secrets.map(digest)
  }

  get isEmpty(): boolean {
    return this.#digests.length === 0
  }

  has(candidate: string): boolean {
    const given = digest(candidate)
    // Compares all of them, so that the time does not reveal which one matched.
    return this.#digests.reduce((found, known) => timingSafeEqual(known, given) || found, false)
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
