/**
 * A job queue on SQLite, with as many workers as calls at a time. It sets `synchronous` to NORMAL, which may lose the last
 * commits in a power failure; here it is FULL, as in the product.
 */
import { better, defineQueue, defineWorker } from 'plainjob'
import { SqliteDatabase } from '../../dist/store/sqlite-driver.js'
import { makeClient } from './parts/client.mjs'
import { jobsOf, runJob, WORKERS } from './parts/jobs.mjs'

const [input, endpoint, apiKey, eventsAJob, file] = process.argv.slice(2)
const client = makeClient(endpoint, apiKey)
const logger = { error() {}, warn() {}, info() {}, debug() {} }
const connection = better(new SqliteDatabase(file))
const queue = defineQueue({ connection, logger })
connection.pragma('synchronous = full')

let done = 0
const workers = Array.from({ length: WORKERS[eventsAJob] }, () =>
  defineWorker('send', ({ data }) => runJob(client, JSON.parse(data)), {
    ...{ queue, logger, pollIntervall: 5 },
    onCompleted: () => void done++,
    onFailed(_job, error) {
      throw new Error(error)
    }
  })
)
const running = Promise.all(workers.map((worker) => worker.start()))
let added = 0
for await (const jobs of jobsOf(input, Number(eventsAJob))) added += queue.addMany('send', jobs).ids.length
while (done < added) await new Promise((resolve) => setTimeout(resolve, 5))
await Promise.all(workers.map((worker) => worker.stop()))
await running
queue.close()
client.close()
