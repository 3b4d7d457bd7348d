/**
 * Programs that generate load. wrk needs a fraction of the processor time that autocannon does, which the server on the same
 * machine cannot have.
 */
import { execFile, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const GENERATORS = {
  wrk: { isHere: () => spawnSync('wrk', ['--version']).error === undefined, load: loadWithWrk },
  autocannon: { isHere: () => true, load: loadWithAutocannon }
}

/** The first that is installed. */
export const defaultGenerator = () => Object.keys(GENERATORS).find((name) => GENERATORS[name].isHere())

const USERS = 50_000

const pathOf = (eventsARequest) => `/v1/${eventsARequest === 1 ? 'identify' : 'batch'}`
/** Makes the ids of the messages unique. */
const newRun = () => randomBytes(6).toString('hex')

async function loadWithWrk({ url, connections, seconds, eventsARequest }) {
  const script = fileURLToPath(new URL('wrk.lua', import.meta.url))
  const load = ['--threads', '1', '--connections', String(connections), '--duration', `${seconds}s`, '--timeout', '10s']
  const args = [...load, '--script', script, url, '--', pathOf(eventsARequest), newRun(), String(eventsARequest)]
  const { stdout } = await promisify(execFile)('wrk', args)
  // After the report for people.
  return JSON.parse(stdout.slice(stdout.lastIndexOf('{')))
}

async function loadWithAutocannon({ url, connections, seconds, eventsARequest }) {
  const { default: autocannon } = await import('autocannon')
  const identify = identifies(newRun())
  const batch = () => `{"batch":[${Array.from({ length: eventsARequest }, identify).join(',')}]}`
  const body = eventsARequest === 1 ? identify : batch
  const result = await autocannon({
    url: url + pathOf(eventsARequest),
    ...{ connections, duration: seconds },
    requests: [
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        setupRequest: (request) => ({ ...request, body: body() })
      }
    ]
  })
  const { p50, p99, max } = result.latency
  const { duration, errors, non2xx } = result
  return { requests: result['2xx'], seconds: duration, p50, p99, max, not2xx: non2xx, errors }
}

/** Events as analytics-node sends them, about 430 bytes; the same as in wrk.lua. */
function identifies(run) {
  let events = 0
  return () => {
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
}
