import { START } from '../new-events.js'
import { rigged, StoreRig, usersOf, type OpenStore } from '../store-rig.js'

/** Laws 1, 2, 4 and 12 across restarts and handles. */
export function describeResuming(openStore: OpenStore): void {
  const withRig = rigged(openStore)

  describe('after a restart', () => {
    it('everything is there: events of every state, rejections, counts and facts', async () => {
      await withRig(async (rig) => {
        await rig.acceptAndDeliver({ user: 'a' })
        await rig.accept({ user: 'b' })
        await rig.fail(await rig.form())
        await rig.accept({ user: 'c' })
        const rejections = [{ source: 's', reason: 'r', raw: 'x', complete: true, receivedAt: START }]
        await rig.store.accept({ events: [], rejections, ignored: { type: 1 } })
        const endpoint = { state: 'backing-off', since: START, lastError: 'down', nextProbeAt: START + 9 } as const
        await rig.store.saveEndpoint(endpoint)
        const before = await rig.store.books()
        await rig.reopen()
        const after = await rig.store.books()
        expect({ ...after, bytes: 0 }).toEqual({ ...before, bytes: 0 })
        expect(after.endpoint).toEqual(endpoint)
        expect(await rig.store.rejections(0, 9)).toMatchObject(rejections)
      })
    })

    it('batches that were in flight or waiting wait again, due now, with their age and attempts', async () => {
      await withRig(async (rig) => {
        await rig.accept({ user: 'waits' })
        await rig.retry(await rig.form({ now: START + 1 }), START + 999_999)
        await rig.accept({ user: 'in flight' })
        await rig.form({ now: START + 2 })
        await rig.accept({ user: 'pending' })

        await rig.store.close()
        expect(await (await rig.another()).resume(START + 50)).toMatchObject({ waiting: 2 })
        await rig.audit()
        expect(await rig.counts()).toEqual({ retrying: 2, pending: 1 })
        expect(await rig.store.nextRetryAt()).toBe(START + 50)
        expect(await rig.claim(START + 50)).toMatchObject({ attempts: 1, createdAt: START + 1 })
        expect(await rig.claim(START + 50)).toMatchObject({ attempts: 0, createdAt: START + 2 })
      })
    })

    it('batches that wait can be made due, with their attempts; those in flight and those that are due stay as they are', async () => {
      await withRig(async (rig) => {
        await rig.accept({ user: 'waits' })
        await rig.retry(await rig.form(), START + 999_999)
        await rig.accept({ user: 'due' })
        await rig.retry(await rig.form(), START + 10)
        await rig.accept({ user: 'in flight' })
        await rig.form()

        await rig.store.makeDue(START + 50)
        expect(await rig.counts()).toEqual({ retrying: 2, sending: 1 })
        expect(await rig.store.nextRetryAt()).toBe(START + 10)
        expect(await rig.claim(START + 50)).toMatchObject({ attempts: 1 })
        expect(await rig.store.nextRetryAt()).toBe(START + 50)
      })
    })

    it('what waits is no older for the time that the key was refused, wherever that ended', async () => {
      await withRig(async (rig) => {
        const endpoint = { lastError: undefined, nextProbeAt: undefined }
        await rig.accept({ user: 'before' })
        await rig.retry(await rig.form({ now: START }), START + 5)
        await rig.store.saveEndpoint({ ...endpoint, state: 'ok', since: START })
        await rig.store.saveEndpoint({ ...endpoint, state: 'key-refused', since: START + 100 })
        await rig.accept({ user: 'meanwhile' })
        await rig.retry(await rig.form({ now: START + 700 }), START + 6)

        await rig.reopen()
        await rig.store.saveEndpoint({ ...endpoint, state: 'ok', since: START + 1000 })
        await rig.store.saveEndpoint({ ...endpoint, state: 'backing-off', since: START + 2000 })
        await rig.store.saveEndpoint({ ...endpoint, state: 'ok', since: START + 3000 })

        expect(await rig.claim()).toMatchObject({ createdAt: START + 900 })
        expect(await rig.claim()).toMatchObject({ createdAt: START + 1000 })
      })
    })

    it('users of open batches are still busy', async () => {
      await withRig(async (rig) => {
        await rig.accept({ user: 'a', properties: { n: 1 } }, { user: 'b', properties: { n: 1 } })
        await rig.split(await rig.form())
        await rig.accept({ user: 'a', properties: { n: 2 } }, { user: 'b', properties: { n: 2 } })
        await rig.reopen()
        expect(await rig.tryForm()).toEqual({ kind: 'nothing' })
        const first = await rig.claim()
        if (first !== undefined) await rig.deliver(first)
        expect(usersOf((await rig.form()).entries)).toEqual({ a: { n: 2 } })
      })
    })

    it('a store with nothing open has nothing waiting', async () => {
      await withRig(async (rig) => {
        await rig.acceptAndDeliver({})
        await rig.store.close()
        expect(await (await rig.another()).resume(START)).toMatchObject({ waiting: 0 })
      })
    })
  })

  describe('two handles on one store', () => {
    it('only one may send; the other is told so, and may take its place when it is gone', async () => {
      await openStore(async (open) => {
        const [first, second] = [await open(), await open()]
        await first.resume(START)
        const refused = await second.resume(START).catch((error: unknown) => error)
        expect(refused).toMatchObject({ name: 'StoreError', code: 'in-use', isPassing: false })
        expect(String(refused)).toContain('another process is sending')
        await first.close()
        expect(await second.resume(START)).toMatchObject({ waiting: 0 })
      })
    })

    it('one that was refused leaves the batches of the sender alone', async () => {
      await openStore(async (open) => {
        const [first, second] = [await open(), await open()]
        await first.resume(START)
        const rig = new StoreRig(first, open)
        await rig.accept({})
        const batch = await rig.form()
        await second.resume(START).catch(() => undefined)
        expect((await first.getBatch(batch.id))?.batch.state).toBe('sending')
      })
    })

    it('the one that does not send may accept, read and replay; the sender sees it', async () => {
      await openStore(async (open) => {
        const [sender, other] = [new StoreRig(await open(), open), new StoreRig(await open(), open)]
        await sender.store.resume(START)
        await other.accept({ id: 'x', properties: { a: 1 } })
        const batch = await sender.form()
        expect(usersOf(batch.entries)).toEqual({ u: { a: 1 } })
        expect(await other.counts()).toEqual({ sending: 1 })
        await sender.fail(batch)
        expect(await other.replay()).toMatchObject({ events: 1 })
        expect(usersOf((await sender.form()).entries)).toEqual({ u: { a: 1 } })
        expect(await sender.accept({ id: 'x' })).toMatchObject({ duplicates: 1 })
      })
    })

    it('says who sends', async () => {
      await withRig(async (rig) => {
        expect((await rig.store.books()).sender).toEqual({
          pid: process.pid,
          host: expect.any(String) as unknown,
          startedAt: START
        })
      })
    })
  })

  describe('close', () => {
    it('commits what was asked for before it', async () => {
      await withRig(async (rig) => {
        const accepted = rig.store.accept({ events: [], rejections: [], ignored: { type: 4 } })
        await rig.store.close()
        await accepted
        expect((await (await rig.another()).books()).intake.received).toBe(4)
      })
    })

    it('may be asked for twice', async () => {
      await withRig(async (rig) => {
        await rig.store.close()
        await expect(rig.store.close()).resolves.toBeUndefined()
      })
    })

    it('makes every other method reject with the code closed', async () => {
      await withRig(async ({ store }) => {
        await store.close()
        const closed = { name: 'StoreError', code: 'closed' }
        await expect(store.accept({ events: [], rejections: [], ignored: {} })).rejects.toMatchObject(closed)
        await expect(store.replay({}, START)).rejects.toMatchObject(closed)
        await expect(store.books()).rejects.toMatchObject(closed)
        await expect(store.agenda()).rejects.toMatchObject(closed)
        await expect(store.getEvent('x')).rejects.toMatchObject(closed)
        await expect(store.countReplay({})).rejects.toMatchObject(closed)
      })
    })
  })
}
