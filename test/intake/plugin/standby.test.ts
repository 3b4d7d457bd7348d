import { mkdirSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { Standby } from '../../../src/intake/plugin/standby.js'
import { until } from '../../faults/until.js'
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

  it('opens a new store when its file was deleted, having acknowledged nothing more to the old one', () =>
    withForwarders({}, async ({ sandbox, file }) => {
      const options = { apiKey: KEY, endpoint: sandbox.url, store: file, flushIntervalMs: 60_000 }
      const standby = new Standby(options, { takeOverMs: 10, reopenMs: 10 })
      const accept = (userId: string) => standby.run((forwarder) => forwarder.accept({ type: 'identify', userId }))
      try {
        await accept('before')
        // What SQLite keeps beside it stays.
        rmSync(file)
        await expect(accept('refused')).rejects.toMatchObject({ code: 'gone' })
        expect(await accept('after')).toMatchObject({ accepted: 1 })
      } finally {
        await standby.close(Date.now() + 10_000)
      }
      expect([...sandbox.users.keys()]).toEqual(['after'])
    }))

  it('goes on trying to become the sender where the store cannot even be opened for a while', () =>
    withForwarders({}, async ({ sandbox, file, create }) => {
      const sending = await create()
      const options = { apiKey: KEY, endpoint: sandbox.url, store: file, flushIntervalMs: 0 }
      const standby = new Standby(options, { takeOverMs: 50, reopenMs: 10 })
      const accept = (userId: string) => standby.run((forwarder) => forwarder.accept({ type: 'identify', userId }))
      const first = await standby.run((forwarder) => Promise.resolve(forwarder))
      expect(first.sender).toBeUndefined()

      // The file is replaced by something else, and the thread that had it open ends.
      await sending.close()
      await (Reflect.get(first.store, 'worker') as Worker).terminate()
      renameSync(file, `${file}.away`)
      mkdirSync(file)
      await first.lost
      await expect(accept('early')).rejects.toMatchObject({ code: 'is-directory' })
      await setTimeout(200)

      rmdirSync(file)
      renameSync(`${file}.away`, file)
      await setTimeout(500)
      expect(await standby.run(async ({ sender }) => sender)).toBeDefined()
      expect(await accept('late')).toMatchObject({ accepted: 1 })
      await until(() => sandbox.users.has('late'), 'the standby to send')
      await standby.close(Date.now() + 10_000)
      expect((await create()).sender).toBeDefined()
    }))
})
