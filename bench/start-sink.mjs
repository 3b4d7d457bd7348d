import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export const API_KEY = 'bench-key'

/**
 * What the sink has seen since it was reset: calls, users in them, and different events.
 *
 * @typedef {{ calls: number, users: number, arrived: number }} Seen
 *
 * @typedef {{ url: string, reset: () => Promise<Seen>, report: () => Promise<Seen> }} Sink
 */

/** Calls `use` with a sink that runs in a process of its own and holds every answer back for `latency` milliseconds. */
export async function withSink({ latency = 0 }, use) {
  const child = fork(fileURLToPath(new URL('sink.mjs', import.meta.url)), [API_KEY, String(latency)])
  const ask = async (question) => {
    child.send(question)
    return (await once(child, 'message'))[0]
  }
  try {
    const [{ url }] = await once(child, 'message')
    return await use({ url, reset: () => ask('reset'), report: () => ask('report') })
  } finally {
    child.disconnect()
  }
}
