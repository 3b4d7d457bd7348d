/**
 * The ceiling for this client: parses, groups by 100 and sends, eight calls at a time. Nothing is kept: what is under way when it
 * dies is lost.
 */
import { atMost } from './parts/at-most.mjs'
import { makeClient } from './parts/client.mjs'
import { readEvents, toUsers } from './parts/events.mjs'

const [input, endpoint, apiKey] = process.argv.slice(2)
const client = makeClient(endpoint, apiKey)
const calls = atMost(8)
for await (const events of readEvents(input, 100)) await calls.start(() => client.postMany(toUsers(events)))
await calls.finish()
client.close()
