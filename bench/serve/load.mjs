/**
 * Loads one server, from a process of its own. Takes `{ url, connections, seconds, warmUpSeconds, eventsARequest, generator? }`
 * as JSON; prints `{ requests, seconds, p50, p99, max, not2xx, errors, sent }`, with latencies in milliseconds, where `sent`
 * counts what was answered with a 2xx, in the warm-up as well. Every event is a new message, of one of 50,000 users.
 */
import { defaultGenerator, GENERATORS } from './generators.mjs'

const { generator = defaultGenerator(), warmUpSeconds, seconds, ...order } = JSON.parse(process.argv[2])
const { load } = GENERATORS[generator]
const warmUp = await load({ ...order, seconds: warmUpSeconds })
const measured = await load({ ...order, seconds })
process.stdout.write(
  JSON.stringify({
    ...measured,
    not2xx: measured.not2xx + warmUp.not2xx,
    errors: measured.errors + warmUp.errors,
    sent: measured.requests + warmUp.requests
  })
)
