import { statSync } from 'node:fs'
import { resolve } from 'node:path'

/** Returns a function that tells whether the path still leads to the file that it leads to now. */
export function identify(path: string): () => boolean {
  // As in open-database.ts.
  const file = resolve(path.trim())
  const own = statSync(file, { throwIfNoEntry: false })
  return () => {
    const now = statSync(file, { throwIfNoEntry: false })
    return now?.ino === own?.ino && now?.dev === own?.dev
  }
}
