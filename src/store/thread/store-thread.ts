/** The thread's program: opens the store and runs the requested methods. See threaded-store.ts. */
import { parentPort, workerData } from 'node:worker_threads'
import { SqliteStore } from '../sqlite-store.js'
import type { Store } from '../store.js'
import { toMessage, type Answer, type Request, type ThreadData } from './protocol.js'

const { file, options } = workerData as ThreadData
const port = parentPort
if (port === null) throw new Error('not a thread')
const say = (answer: Answer): void => port.postMessage(answer)

try {
  const store: Store = SqliteStore.open(file, options)
  port.on('message', ({ id, method, args }: Request) => {
    // The types of method and arguments are checked where the request is made.
    const run = store[method].bind(store) as (...given: unknown[]) => Promise<unknown>
    run(...args).then(
      // The thread ends with the answer to `close`: the results of earlier requests are sent first.
      (result) => (method === 'close' ? setImmediate(say, { id, result }) : say({ id, result })),
      (error: unknown) => say({ id, error: toMessage(error) })
    )
  })
  say({ id: 0, result: undefined })
} catch (error) {
  say({ id: 0, error: toMessage(error) })
}
