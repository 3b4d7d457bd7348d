/** Sends the example events to a sandbox in this process, through a temporary store, and shows the result. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { renderSummary, summarize } from '../../dist/cli/summary.js'
import { renderTable } from '../../dist/cli/table.js'
import { takeIn } from '../../dist/cli/take-in.js'
import { Tally } from '../../dist/cli/tally.js'
import { createForwarder } from '../../dist/forwarder.js'
import { startSandbox } from '../../dist/sandbox/index.js'

const EXAMPLE = 'examples/identify-events.ndjson'
const API_KEY = 'sandbox-key'
const GIVE_UP_AFTER_MS = 30_000
const USERS_SHOWN = 5
/** Properties with a column of their own, or that repeat one. */
const SHOWN = new Set(['name', 'email', 'plan', 'firstName', 'lastName'])

/** Resolves to whether everything was delivered that should have been. */
export async function demo() {
  const folder = mkdtempSync(join(tmpdir(), 'dopt-demo-'))
  const sandbox = await startSandbox({ apiKey: API_KEY })
  try {
    console.log(`The sandbox, a stand-in for Dopt's users API, listens on ${sandbox.url}; nothing leaves this machine.`)
    console.log(`Forwarding ${EXAMPLE} to it:\n`)
    const summary = await forwardExample(sandbox.url, join(folder, 'demo.db'))
    console.log(indent(renderSummary(summary)))

    const { received, calls, failed, pending, users } = summary
    console.log(
      `\n${count(calls)} calls for ${count(received)} events: a call carries up to 100 users, each with the newest value`
    )
    console.log('of every property. Sending events one by one would have taken one call per event.\n')
    console.log(`Some of the ${count(sandbox.users.size)} users, as they are in the sandbox now:\n`)
    console.log(indent(renderUsers(sandbox.users)))
    console.log(`\n${NEXT}`)
    return failed === 0 && pending === 0 && users > 0
  } finally {
    await sandbox.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function forwardExample(endpoint, store) {
  const startedAt = performance.now()
  const forwarder = await createForwarder({ apiKey: API_KEY, endpoint, store })
  try {
    const tally = new Tally()
    const source = fileURLToPath(new URL(`../../${EXAMPLE}`, import.meta.url))
    const ignore = () => {}
    await takeIn(forwarder, { source, name: EXAMPLE, bytes: undefined }, tally, {
      signal: new globalThis.AbortController().signal,
      onBytes: ignore,
      onRejected: ignore,
      onUntimed: ignore,
      untilRoom: () => Promise.resolve(false)
    })
    await forwarder.untilSettled({ giveUpAfterMs: GIVE_UP_AFTER_MS })
    const states = { ...(await forwarder.countStates(tally.ranges)), removed: 0 }
    const { events } = await forwarder.books()
    return summarize(tally, states, events, forwarder.totals, performance.now() - startedAt)
  } finally {
    await forwarder.close()
  }
}

function renderUsers(users) {
  const rows = [...users]
    .filter(([, { name, email, plan }]) => name && email && plan)
    .slice(0, USERS_SHOWN)
    .map(([identifier, properties]) => {
      const { name, email, plan } = properties
      const others = Object.entries(properties).filter(([property]) => !SHOWN.has(property))
      return [identifier, name, email, plan, others.map(([property, value]) => `${property}: ${value}`).join(', ')]
    })
  return renderTable(['user', 'name', 'email', 'plan', 'other properties'], rows, { width: 110 })
}

const NEXT = `To send your own events to the sandbox:

  npx dopt-destination sandbox                    in another terminal
  export DOPT_ENDPOINT=http://127.0.0.1:8788 DOPT_API_KEY=${API_KEY} DOPT_STORE=./sandbox.db
  npx dopt-destination forward your-events.ndjson
  npx dopt-destination status

To send them to Dopt:

  unset DOPT_ENDPOINT DOPT_STORE                  use a separate store: Dopt does not have what the sandbox got
  export DOPT_API_KEY=…                           Dopt's users API key
  npx dopt-destination check                      is the key accepted?
  npx dopt-destination forward your-events.ndjson`

function count(number) {
  return number.toLocaleString('en-US')
}

function indent(text) {
  return text.replace(/^/gm, '  ')
}
