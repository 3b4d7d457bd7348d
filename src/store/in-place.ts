import { statSync } from 'node:fs'

/** Returns a function that tells whether the path still leads to the file that it leads to now. */
export function prepareInPlace(file: string): () => boolean {
  const own = statSync(file, { throwIfNoEntry: false })
  return () => {
    const now = statSync(file, { throwIfNoEntry: false })
    return now?.ino === own?.ino && now?.dev === own?.dev
  }
}
