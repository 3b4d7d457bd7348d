/**
 * Loads one server with autocannon, from a process of its own. Takes `{ url, connections, seconds, warmUpSeconds,
 * eventsARequest }` as JSON; prints `{ requests, seconds, p50, p99, max, not2xx, errors, sent }`, where `sent` counts what
 * was answered with a 2xx, in the warm-up as well. Every event is a new message, of one of 50,000 users.
 */
import { randomBytes } from 'node:crypto'
import autocannon from 'autocannon'

const USERS = 50_000
const { url, connections, seconds, warmUpSeconds, eventsARequest } = JSON.parse(process.argv[2])
const run = randomBytes(6).toString('hex')
let events = 0

const warmUp = await load(warmUpSeconds)
const result = await load(seconds)
const { latency } = result
process.stdout.write(
  JSON.stringify({
    requests: result['2xx'],
    seconds: result.duration,
    ...{ p50: latency.p50, p99: latency.p99, max: latency.max },
    not2xx: result.non2xx + warmUp.non2xx,
    errors: result.errors + warmUp.errors,
    sent: result['2xx'] + warmUp['2xx']
  })
)

function load(duration) {
  return autocannon({
    url: `${url}/v1/${eventsARequest === 1 ? 'identify' : 'batch'}`,
    ...{ connections, duration },
    requests: [
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        setupRequest: (request) => ({ ...request, body: eventsARequest === 1 ? identify() : batch() })
      }
    ]
  })
}

function batch() {
  return `{"batch":[${Array.from({ length: eventsARequest }, identify).join(',')}]}`
}

/** As analytics-node sends it, about 430 bytes. */
function identify() {
  const n = events++
  const user = (n * 7919) % USERS
  const at = new Date().toISOString()
  return (
    `{"type":"identify","messageId":"node-next-${run}-${n}","userId":"user-${user}","traits":{"name":"Person ${user}",` +
    `"email":"person.${user}@example.com","plan":"growth","country":"DE","seats":${n % 200},"isAdmin":false},` +
    `"context":{"library":{"name":"@segment/analytics-node","version":"3.1.0"}},"timestamp":"${at}",` +
    `"originalTimestamp":"${at}","sentAt":"${at}","integrations":{},"_metadata":{"nodeVersion":"v20.20.2","jsRuntime":"node"}}`
  )
}
