/**
 * Records examples/identify-events.ndjson: Segment's own SDK sends the calls of `example/calls.mjs` to a server in this
 * process, which records every event as received.
 *
 *     node scripts/record-example.mjs [FILE]
 *
 * Twice the server records a batch but does not acknowledge it: once it answers 503, once it drops the connection. The
 * SDK retries those batches, which gives the file its duplicates.
 */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { Analytics } from '@segment/analytics-node'
import { exampleCalls } from './example/calls.mjs'

const BATCH = 15
/** By the number of the batch. The retry comes half a second later, when BATCHES_MEANWHILE more have arrived. */
const TROUBLE = new Map([
  [20, (response) => response.writeHead(503).end()],
  [55, (response) => response.destroy()]
])
const BATCHES_MEANWHILE = 3

const file = process.argv[2] ?? fileURLToPath(new URL('../examples/identify-events.ndjson', import.meta.url))
const capture = await startCapture()
const analytics = new Analytics({ writeKey: 'example', host: capture.url, flushAt: BATCH, flushInterval: 1_000 })
analytics.on('error', (error) => {
  throw new Error(`the SDK gave up on an event: ${error.code}`)
})
await analytics.ready

const calls = exampleCalls()
let expected = 0
let resendDueAt
for (const [index, { method, params }] of calls.entries()) {
  analytics[method](params)
  if ((index + 1) % BATCH !== 0) continue
  const batch = Math.floor(index / BATCH)
  expected += 1
  if (TROUBLE.has(batch)) resendDueAt = batch + BATCHES_MEANWHILE
  if (batch === resendDueAt) expected += 1
  // One batch at a time, so that they arrive in a fixed order.
  await capture.batches(expected)
}
await analytics.closeAndFlush()
await capture.close()

writeFileSync(file, capture.lines.map((line) => `${line}\n`).join(''))
console.error(`${capture.lines.length} events, ${calls.length} of them different, written to ${file}`)

async function startCapture() {
  const lines = []
  const sent = new Set()
  let received = 0
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    const { batch } = JSON.parse(body)
    for (const event of batch) lines.push(JSON.stringify(event))
    const trouble = sent.has(batch[0].messageId) ? undefined : TROUBLE.get(sent.size)
    sent.add(batch[0].messageId)
    if (trouble === undefined) response.writeHead(200, { 'content-type': 'application/json' }).end('{"success":true}')
    else trouble(response)
    received += 1
    server.emit('batch')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return {
    url: `http://127.0.0.1:${port}`,
    lines,
    /** Resolves when this many batches, including retries, have arrived. */
    batches: async (count) => {
      while (received < count) await once(server, 'batch')
    },
    close: async () => {
      server.close()
      server.closeAllConnections()
    }
  }
}
