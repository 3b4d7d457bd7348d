import { Worker } from 'node:worker_threads'
import type { ThreadData } from './protocol.js'

/** SQLite's memory is outside the JavaScript heap, which only holds the rows in transit. */
const MAX_YOUNG_MIB = 8

/** Starts the thread's program. In a file of its own, so that tests can replace it (they have no compiled program). */
export function startThread(data: ThreadData): Worker {
  return new Worker(new URL('./store-thread.js', import.meta.url), {
    workerData: data,
    // The program's own, except for one that Node allows only with a program on the command line.
    execArgv: process.execArgv.filter((argument) => !argument.startsWith('--input-type')),
    resourceLimits: { maxYoungGenerationSizeMb: MAX_YOUNG_MIB }
  })
}
