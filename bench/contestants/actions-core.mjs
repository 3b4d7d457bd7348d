/**
 * The destination as Segment's platform runs it: actions-core's `onBatch` with 100 events, with its own request client, eight
 * batches at a time. No store, and no trying again.
 */
import { destination } from '../../dist/index.js'
import { Destination } from '../../dist/translate/actions-core.cjs'
import { defaultSubscriptions } from '../../dist/translate/subscriptions.js'
import { atMost } from './parts/at-most.mjs'
import { readEvents } from './parts/events.mjs'

const [input, endpoint, apiKey] = process.argv.slice(2)
const target = new Destination(destination)
/** @type {any} */
const settings = { apiKey, endpoint, api: 'bulk', subscriptions: defaultSubscriptions('flatten') }

const batches = atMost(8)
for await (const events of readEvents(input, 100)) await batches.start(() => send(events))
await batches.finish()

async function send(events) {
  const [{ multistatus }] = await target.onBatch(events, settings)
  const refused = multistatus.find(({ status }) => status !== 200)
  if (refused !== undefined) throw new Error(`an event was not delivered: ${JSON.stringify(refused)}`)
}
