import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { ThreadData } from '../../src/store/thread/protocol.js'

const PROGRAM = join(__dirname, '../../dist/store/thread/store-thread.js')

/** In place of src/store/thread/start-thread.ts: a thread runs the compiled program, as the command-line tests do. */
export function startThread(data: ThreadData): Worker {
  return new Worker(PROGRAM, { workerData: data })
}
