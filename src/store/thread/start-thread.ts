import { Worker } from 'node:worker_threads'
import type { ThreadData } from './protocol.js'

/** SQLite's memory is outside the JavaScript heap, which only holds the rows in transit. */
const MAX_YOUNG_MIB = 8

/** Starts the thread's program. In a file of its own, so that tests can replace it (they have no compiled program). */
export function startThread(data: ThreadData): Worker {
  return new Worker(new URL('./store-thread.js', import.meta.url), {
    workerData: data,
    // Node passes the program's own flags on. But `--input-type` is allowed only with a program given as text, and a
    // list of ours may not have all the others.
    ...(process.execArgv.some((argument) => argument.startsWith('--input-type')) && { execArgv: [] }),
    resourceLimits: { maxYoungGenerationSizeMb: MAX_YOUNG_MIB }
  })
}
