import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { SqliteStore } from '../../src/store/sqlite-store.js'
import { ThreadedStore } from '../../src/store/thread/threaded-store.js'
import { withTempDir } from '../helpers/temp-dir.js'
import { countCommits } from './count-commits.js'
import { newEvent } from './new-events.js'
import { describeStore } from './store-conformance.js'

describeStore('the SQLite store in a thread of its own', (use) =>
  withTempDir(async (dir) => {
    const opened: ThreadedStore[] = []
    try {
      await use(async () => {
        const store = await ThreadedStore.open(join(dir, 'store.db'))
        opened.push(store)
        return store
      })
    } finally {
      for (const store of opened) await store.close()
    }
  })
)

async function withThreaded(use: (store: ThreadedStore, file: string) => Promise<void>): Promise<void> {
  await withTempDir(async (dir) => {
    const file = join(dir, 'store.db')
    const store = await ThreadedStore.open(file, { maxBytes: 1e9 })
    try {
      await use(store, file)
    } finally {
      await store.close()
    }
  })
}

const one = () => ({ events: [newEvent()], rejections: [], ignored: {} })

describe('a store whose WAL or lock is deleted while it is open', () => {
  it.each(['-wal', '-sender'])('acknowledges nothing more, and is lost: %s', (part) =>
    withThreaded(async (store, file) => {
      await store.resume(Date.now())
      await store.accept(one())
      rmSync(`${file}${part}`)
      await expect(store.accept(one())).rejects.toMatchObject({
        code: 'gone',
        message: `${file}${part} was deleted, moved or replaced while in use: restart`
      })
      expect((await store.lost).message).toContain(file)
    })
  )
})

describe('a store that is opened by a link', () => {
  it('acknowledges nothing more once its WAL, beside the file itself, is deleted', () =>
    withTempDir(async (dir) => {
      mkdirSync(`${dir}/data`)
      const [file, link] = [`${dir}/data/store.db`, `${dir}/link.db`]
      await (await ThreadedStore.open(file)).close()
      symlinkSync(file, link)
      const store = await ThreadedStore.open(link)
      try {
        await store.accept(one())
        rmSync(`${file}-wal`)
        await expect(store.accept(one())).rejects.toMatchObject({ code: 'gone' })
      } finally {
        await store.close()
      }
    }))
})

describe('a store whose file is deleted or replaced while it is open', () => {
  it.each<[string, (file: string) => void]>([
    ['deleted', rmSync],
    ['moved', (file) => renameSync(file, `${file}-moved`)],
    ['replaced', (file) => (renameSync(file, `${file}-old`), writeFileSync(file, ''))]
  ])('acknowledges nothing more, and is lost, once it is %s', (how, change) =>
    withThreaded(async (store, file) => {
      await store.accept(one())
      change(file)
      await expect(store.accept(one())).rejects.toMatchObject({
        code: 'gone',
        message: expect.stringMatching('was deleted, moved or replaced') as string
      })
      expect((await store.lost).message).toContain(file)
      await expect(store.accept(one())).rejects.toMatchObject({ code: 'gone' })
      expect(existsSync(file)).toBe(how === 'replaced')
    })
  )
})

describe('the thread of a store', () => {
  it('opens the store with the options given, and says why when it cannot', async () => {
    await withThreaded(async (store) => {
      expect(await store.usage()).toMatchObject({ maxBytes: 1e9 })
    })
    await withTempDir(async (dir) => {
      await expect(ThreadedStore.open(dir)).rejects.toMatchObject({ name: 'StoreError', code: 'is-directory' })
      const file = join(dir, 'none.db')
      await expect(ThreadedStore.open(file, { mustExist: true })).rejects.toMatchObject({ code: 'missing' })
      expect(existsSync(file)).toBe(false)
    })
  })

  it('passes errors on with their code, and goes on', async () => {
    await withThreaded(async (store) => {
      const options = { now: 1, maxUsers: 1, api: 'bulk', maxBodyBytes: 1000, flushBefore: 1 } as const
      const error: unknown = await store.formBatch(options).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(Error)
      expect(error).toMatchObject({ name: 'StoreError', code: 'in-use', isPassing: false })
      expect(await store.accept(one())).toMatchObject({ accepted: 1 })
    })
  })

  it('lets what is asked for together share commits', async () => {
    await withThreaded(async (store, file) => {
      await store.accept(one())
      const before = countCommits(file)
      await Promise.all(Array.from({ length: 50 }, () => store.accept(one())))
      // One as a rule; messages between threads may come in a few portions.
      expect(countCommits(file) - before).toBeLessThan(10)
    })
  })

  it('does not hold up this one while it works', async () => {
    await withThreaded(async (store) => {
      let turns = 0
      const ticking = setInterval(() => turns++, 1)
      const events = Array.from({ length: 20_000 }, () => newEvent())
      await store.accept({ events, rejections: [], ignored: {} })
      turns = 0
      while ((await store.pruneStep({})).more);
      await store.forget('u')
      clearInterval(ticking)
      expect(turns).toBeGreaterThan(3)
    })
  })

  it('leaves nobody waiting when it dies', async () => {
    await withThreaded(async (store, file) => {
      await store.accept(one())
      const accepted = store.accept(one())
      const worker = Reflect.get(store, 'worker') as Worker
      await Promise.all([
        expect(accepted).rejects.toMatchObject({ name: 'StoreError', code: 'gone' }),
        worker.terminate()
      ])
      await expect(store.books()).rejects.toMatchObject({ code: 'gone' })
      expect(await store.lost).toMatchObject({ code: 'gone' })
      const again = SqliteStore.open(file)
      expect((await again.books()).intake.accepted).toBeGreaterThanOrEqual(1)
      await again.close()
    })
  })

  it('commits what was asked for before it is closed, and takes no more', async () => {
    await withThreaded(async (store, file) => {
      const accepted = store.accept(one())
      await Promise.all([store.close(), store.close()])
      expect(await accepted).toMatchObject({ accepted: 1 })
      expect(await Promise.race([store.lost, new Promise((resolve) => setTimeout(resolve, 50, 'not lost'))])).toBe(
        'not lost'
      )
      await expect(store.accept(one())).rejects.toMatchObject({ name: 'StoreError', code: 'closed' })
      await store.close()
      const again = SqliteStore.open(file)
      expect((await again.books()).intake.accepted).toBe(1)
      await again.close()
    })
  })
})
