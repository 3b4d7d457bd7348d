import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { SqliteStore } from '../../src/store/sqlite-store.js'
import type { Intake } from '../../src/store/store.js'
import { newEvent } from './new-events.js'

/** An intake of one event. */
export function one(): Intake {
  return { events: [newEvent({ properties: { a: 1 } })], rejections: [], ignored: {} }
}

/** Runs `use` with an open store, and closes it whatever happens. */
export async function withStore<T>(file: string, use: (store: SqliteStore) => Promise<T>): Promise<T> {
  const store = SqliteStore.open(file)
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}

/** Name → access mode of the files in a folder. */
export function modesIn(dir: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(dir).map((name) => [name, (statSync(join(dir, name)).mode & 0o777).toString(8)])
  )
}

/** The files that others than their owner can read. */
export function looseIn(dir: string): string[] {
  return Object.entries(modesIn(dir)).flatMap(([name, mode]) => (mode === '600' ? [] : [`${name} ${mode}`]))
}

/** What must not change of a file that is not touched. */
export function fingerprint(file: string): object {
  const { mode, size } = statSync(file)
  return { mode: mode & 0o777, size, content: createHash('sha256').update(readFileSync(file)).digest('hex') }
}
