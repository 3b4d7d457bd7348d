import { createDoptPlugin, type DoptPlugin } from '../../../src/intake/plugin/dopt-plugin.js'
import { SqliteDatabase } from '../../../src/store/sqlite-driver.js'
import { until } from '../../faults/until.js'
import { KEY, withForwarders, type ForwarderBench } from '../../forwarder/with-forwarder.js'

interface Bench extends ForwarderBench {
  plugin: DoptPlugin
  /** Resolves to why an identify of this user was not taken; to undefined where it was. */
  identify: (userId: string) => Promise<unknown>
  /** Locks the store as another process does; what it returns lets go. */
  lock: () => () => void
}

async function withPlugin(use: (bench: Bench) => Promise<void>): Promise<void> {
  await withForwarders({}, async (bench) => {
    const options = { apiKey: KEY, endpoint: bench.sandbox.url, store: bench.file, flushIntervalMs: 0 }
    const plugin = createDoptPlugin(options, { takeOverMs: 10, reopenMs: 10 })
    const identify = async (userId: string): Promise<unknown> => {
      let failure: unknown
      const event = { type: 'identify', userId, messageId: userId }
      await plugin.identify({ event, setFailedDelivery: ({ reason }) => void (failure = reason) })
      return failure
    }
    const lock = (): (() => void) => {
      const other = new SqliteDatabase(bench.file)
      other.exec('begin immediate')
      return () => void other.close()
    }
    await use({ ...bench, plugin, identify, lock })
  })
}

describe('closing the plugin while another process has the store locked', () => {
  it('takes no longer than it may, and loses nothing', () =>
    withPlugin(async ({ plugin, identify, lock, sandbox, create }) => {
      expect(await identify('before')).toBeUndefined()
      const letGo = lock()
      const given = identify('given')
      const startedAt = performance.now()
      await Promise.all([plugin.closeAndFlush({ timeout: 50 }), plugin.closeAndFlush({ timeout: 50 })])
      expect(performance.now() - startedAt).toBeLessThan(2000)
      expect(await identify('late')).toMatchObject({ code: 'closed' })

      letGo()
      expect(await given).toBeUndefined()
      // It is closed as soon as that is possible: another sender may have it.
      await until(() => create().then(Boolean, () => false), 'the store to be closed')
      await until(() => sandbox.users.size === 2, 'both users to be sent')
      expect([...sandbox.users.keys()].sort()).toEqual(['before', 'given'])
    }))
})
