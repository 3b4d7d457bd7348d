import type { Worker } from 'node:worker_threads'
import { Standby } from '../../../src/intake/plugin/standby.js'
import { KEY, withForwarders } from '../../forwarder/with-forwarder.js'

describe('a standby', () => {
  it('opens the store anew when its thread has ended, and delivers what waits in it', () =>
    withForwarders({}, async ({ sandbox, file }) => {
      const options = { apiKey: KEY, endpoint: sandbox.url, store: file, flushIntervalMs: 60_000 }
      const standby = new Standby(options, { takeOverMs: 10, reopenMs: 10 })
      const accept = (userId: string) => standby.run((forwarder) => forwarder.accept({ type: 'identify', userId }))
      await accept('before')
      const first = await standby.run((forwarder) => Promise.resolve(forwarder))
      await (Reflect.get(first.store, 'worker') as Worker).terminate()
      await expect(first.accept({ type: 'identify', userId: 'lost' })).rejects.toMatchObject({ code: 'gone' })

      expect(await accept('after')).toMatchObject({ accepted: 1 })
      expect((await standby.run((forwarder) => forwarder.books())).sender).toBeDefined()
      await standby.close(Date.now() + 10_000)
      expect([...sandbox.users.keys()].sort()).toEqual(['after', 'before'])
    }))
})
