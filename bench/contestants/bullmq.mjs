/** A job queue on Redis, which appends to a file and flushes it before it answers. A job that is done is removed. */
import { Queue, Worker } from 'bullmq'
import { makeClient } from './parts/client.mjs'
import { jobsOf, runJob, WORKERS } from './parts/jobs.mjs'

const [input, endpoint, apiKey, eventsAJob, path] = process.argv.slice(2)
const client = makeClient(endpoint, apiKey)
const connection = { path, maxRetriesPerRequest: null }
const queue = new Queue('send', { connection })

let done = 0
let failure
const worker = new Worker('send', ({ data }) => runJob(client, data), { connection, concurrency: WORKERS[eventsAJob] })
worker.on('completed', () => void done++)
worker.on('failed', (_job, error) => void (failure = error))
worker.on('error', (error) => void (failure = error))

let added = 0
for await (const jobs of jobsOf(input, Number(eventsAJob))) {
  await queue.addBulk(jobs.map((data) => ({ name: 'send', data, opts: { removeOnComplete: true } })))
  added += jobs.length
}
while (done < added) {
  if (failure !== undefined) throw failure
  await new Promise((resolve) => setTimeout(resolve, 5))
}
await worker.close()
await queue.close()
client.close()
