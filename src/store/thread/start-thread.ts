import { Worker } from 'node:worker_threads'
import type { ThreadData } from './protocol.js'

/** SQLite keeps its memory outside of JavaScript's; what is left are the rows on their way. */
const MAX_YOUNG_MIB = 8

/** Starts the thread's program. A file of its own, so that tests can start it where TypeScript is not compiled beside it. */
export function startThread(data: ThreadData): Worker {
  return new Worker(new URL('./store-thread.js', import.meta.url), {
    workerData: data,
    resourceLimits: { maxYoungGenerationSizeMb: MAX_YOUNG_MIB }
  })
}
