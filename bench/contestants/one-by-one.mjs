/** What Segment's platform does without batches: one call an event, to the endpoint for one user, 32 at a time. No store. */
import { atMost } from './parts/at-most.mjs'
import { makeClient } from './parts/client.mjs'
import { readEvents } from './parts/events.mjs'

const [input, endpoint, apiKey] = process.argv.slice(2)
const client = makeClient(endpoint, apiKey)
const calls = atMost(32)
for await (const events of readEvents(input, 100)) {
  for (const event of events) await calls.start(() => client.postOne(event))
}
await calls.finish()
client.close()
