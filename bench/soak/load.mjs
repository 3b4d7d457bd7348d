/**
 * Sends identify events to `url`, one a request, at a steady rate until it is told to stop. Every message is new; what is not
 * answered with a 200 is sent again, as SDKs do. Tells `{ sent, acknowledged, again, users }` when it ends; `users` is what
 * Dopt should hold of each.
 */
import { Agent, request } from 'node:http'
import { clearInterval, setInterval } from 'node:timers'

const [url, rate, users] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])]
const TICK_MS = 20
const MOST_UNDER_WAY = 2000
const agent = new Agent({ keepAlive: true, maxSockets: 100 })
const newest = new Map()
const waiting = []
const counts = { sent: 0, acknowledged: 0, again: 0 }
let [underWay, due, stopping] = [0, 0, false]
let last = performance.now()

process.on('message', () => (stopping = true))
const timer = setInterval(() => {
  const now = performance.now()
  // What cannot be sent in time is not caught up with: the rate is the most, not the mean.
  due = Math.min(due + ((now - last) * rate) / 1000, rate)
  last = now
  while (waiting.length > 0 && underWay < MOST_UNDER_WAY) post(waiting.pop())
  for (; !stopping && due >= 1 && underWay < MOST_UNDER_WAY; due--) post(nextEvent())
  if (!stopping || underWay > 0 || waiting.length > 0) return
  clearInterval(timer)
  agent.destroy()
  process.send({ ...counts, users: [...newest] }, () => process.disconnect())
}, TICK_MS)

function nextEvent() {
  const n = counts.sent++
  const userId = `user-${(n * 7919) % users}`
  const traits = { name: `Person ${userId}`, plan: n % 3 === 0 ? 'pro' : 'free', visit: n }
  newest.set(userId, traits)
  return JSON.stringify({ type: 'identify', messageId: `soak-${n}`, userId, traits, timestamp: stamp(n) })
}

/** Later for every event, so that it is known which one is the newest. */
function stamp(n) {
  return new Date(Date.UTC(2026, 0, 1) + n).toISOString()
}

function post(body) {
  underWay++
  const over = (isTaken) => {
    underWay--
    if (isTaken) counts.acknowledged++
    else {
      counts.again++
      waiting.push(body)
    }
  }
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  const outgoing = request(`${url}/v1/identify`, { method: 'POST', agent, headers }, (response) => {
    response.resume()
    response.on('close', () => over(response.complete && response.statusCode === 200))
  })
  outgoing.on('error', () => over(false))
  outgoing.end(body)
}
