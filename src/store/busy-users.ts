/** The users of open batches: their newer events wait, so that two calls never carry one user at the same time. */
export class BusyUsers {
  readonly #keysOfBatch = new Map<number, readonly number[]>()
  /** The number of open batches with each key: users that share a key can be separated by a split. */
  readonly #counts = new Map<number, number>()

  has(userKey: number): boolean {
    return this.#counts.has(userKey)
  }

  hold(batchId: number, userKeys: readonly number[]): void {
    this.release(batchId)
    this.#keysOfBatch.set(batchId, userKeys)
    for (const key of userKeys) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }

  release(batchId: number): void {
    for (const key of this.#keysOfBatch.get(batchId) ?? []) {
      const left = (this.#counts.get(key) ?? 0) - 1
      if (left > 0) this.#counts.set(key, left)
      else this.#counts.delete(key)
    }
    this.#keysOfBatch.delete(batchId)
  }
}
