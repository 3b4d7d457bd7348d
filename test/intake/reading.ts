import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { SNIFF_BYTES } from '../../src/intake/detect-format.js'
import { InputError, readEvents, type ReadItem, type ReadOptions } from '../../src/intake/read-events.js'

export interface ReadResult {
  chunks: ReadItem[][]
  items: ReadItem[]
  /** The InputError that ended the reading. */
  error?: InputError
}

/** Reads to the end; an InputError is part of the result, any other error is thrown. */
export async function readAll(source: string | Readable, options?: ReadOptions): Promise<ReadResult> {
  const chunks: ReadItem[][] = []
  const result = (): ReadResult => ({ chunks, items: chunks.flat() })
  try {
    for await (const chunk of readEvents(source, typeof source === 'string' ? source : 'stdin', options)) {
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof InputError) return { ...result(), error }
    throw error
  }
  return result()
}

/** Writes `content` to a file in a directory of its own, which is removed afterwards. */
export async function withFile<T>(content: string | Uint8Array, use: (path: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'dopt-intake-'))
  try {
    const path = join(directory, 'events.ndjson')
    await writeFile(path, content)
    return await use(path)
  } finally {
    await rm(directory, { recursive: true })
  }
}

export function readFileWith(content: string | Uint8Array, options?: ReadOptions): Promise<ReadResult> {
  return withFile(content, (path) => readAll(path, options))
}

/** White space that fills the first look at the input, for which the reader gathers bytes: what follows stays sliced. */
export const FIRST_LOOK = ' '.repeat(SNIFF_BYTES)

/** A stream that gives `first` at once, then `content` in slices of these sizes, over and over. */
export function sliced(content: string | Uint8Array, sizes: readonly number[], first = ''): Readable {
  const bytes = Buffer.from(content)
  return Readable.from(
    (function* () {
      if (first !== '') yield Buffer.from(first)
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const size = sizes[turn % sizes.length] ?? bytes.length
        yield bytes.subarray(at, at + size)
        at += size
      }
    })()
  )
}

/** The items in short: `line value` or `line! reason`. */
export function summary(items: readonly ReadItem[]): string[] {
  return items.map((item) =>
    item.kind === 'event' ? `${item.line} ${JSON.stringify(item.event)}` : `${item.line}! ${item.reason}`
  )
}
