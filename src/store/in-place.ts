import { statSync, type Stats } from 'node:fs'
import { codeOf } from './errors.js'

/**
 * Knows whether files that are held open are still where they were. SQLite would go on writing to a deleted one, and all
 * of it would be lost at the end; and a lock on a deleted file keeps nobody out.
 */
export class InPlace {
  /** Undefined for a file that did not exist yet. */
  readonly #own = new Map<string, Stats | undefined>()

  constructor(...files: readonly string[]) {
    for (const file of files) this.watch(file)
  }

  watch(file: string): void {
    this.#own.set(file, statsOf(file))
  }

  /** The first file that was deleted, moved or replaced. */
  findMissing(): string | undefined {
    for (const [file, own] of this.#own) {
      const now = statsOf(file, own)
      if (own === undefined) this.#own.set(file, now)
      else if (now?.ino !== own.ino || now.dev !== own.dev) return file
    }
    return undefined
  }
}

/** Undefined if there is no such file; `otherwise` if that cannot be known now, as of a folder that may not be read. */
function statsOf(file: string, otherwise?: Stats): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false })
  } catch (error) {
    return codeOf(error) === 'ENOTDIR' ? undefined : otherwise
  }
}
