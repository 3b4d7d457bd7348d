/**
 * A job queue on PostgreSQL, with what its documentation recommends for many small jobs: they are fetched ahead, and reported
 * as done together.
 */
import { Logger, makeWorkerUtils, run } from 'graphile-worker'
import { makeClient } from './parts/client.mjs'
import { jobsOf, runJob, WORKERS } from './parts/jobs.mjs'

const [input, endpoint, apiKey, eventsAJob, connectionString] = process.argv.slice(2)
const client = makeClient(endpoint, apiKey)
const logger = new Logger(() => () => undefined)
const utils = await makeWorkerUtils({ connectionString, logger })
await utils.migrate()

let done = 0
let failure
const concurrentJobs = WORKERS[eventsAJob]
const runner = await run({
  noHandleSignals: true,
  preset: {
    worker: {
      ...{ connectionString, logger, concurrentJobs },
      ...{ localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 }
    }
  },
  taskList: {
    async send(events) {
      try {
        await runJob(client, events)
        done++
      } catch (error) {
        failure = error
        throw error
      }
    }
  }
})

let added = 0
for await (const jobs of jobsOf(input, Number(eventsAJob))) {
  await utils.addJobs(jobs.map((payload) => ({ identifier: 'send', payload })))
  added += jobs.length
}
while (done < added) {
  if (failure !== undefined) throw failure
  await new Promise((resolve) => setTimeout(resolve, 5))
}
await runner.stop()
await utils.release()
client.close()
