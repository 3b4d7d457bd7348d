import { join } from 'node:path'
import { Forwarder } from '../../src/forwarder.js'
import type { ForwarderOptions } from '../../src/options.js'
import { startSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/index.js'
import { withTempDir } from '../helpers/temp-dir.js'

export const KEY = 'forwarder-test-key-91c1'

export interface ForwarderBench {
  sandbox: Sandbox
  /** The folder of the store. */
  dir: string
  file: string
  /** Another forwarder on the same store; it is closed in the end if it still is open. */
  create: (options?: ForwarderOptions) => Promise<Forwarder>
}

/** Runs `use` with a sandbox and a way to make forwarders that send to it, and cleans up whatever happens. */
export async function withForwarders(
  options: SandboxOptions,
  use: (bench: ForwarderBench) => Promise<void>
): Promise<void> {
  await withTempDir(async (dir) => {
    const sandbox = await startSandbox({ apiKey: KEY, ...options })
    const file = join(dir, 'store.db')
    const made: Forwarder[] = []
    const create = async (given: ForwarderOptions = {}): Promise<Forwarder> => {
      const defaults = { apiKey: KEY, endpoint: sandbox.url, store: file, retryBaseMs: 1, retryMaxMs: 5 }
      const forwarder = await Forwarder.create({ ...defaults, ...given })
      made.push(forwarder)
      return forwarder
    }
    try {
      await use({ sandbox, dir, file, create })
    } finally {
      for (const forwarder of made) await forwarder.close({ deadlineMs: 0 })
      await sandbox.close()
    }
  })
}

let made = 0

export function identify(userId: string, traits: Record<string, unknown> = {}): Record<string, unknown> {
  return { type: 'identify', userId, traits, messageId: `message-${made++}` }
}
