import { newEvent, START } from '../new-events.js'
import { rigged, type OpenStore, type StoreRig } from '../store-rig.js'

/** One batch in each state that lasts; returns their ids. */
async function oneOfEach(
  rig: StoreRig
): Promise<Record<'delivered' | 'failed' | 'split' | 'half' | 'retrying', number>> {
  const delivered = await rig.acceptAndDeliver({ user: 'a' })
  await rig.accept({ user: 'b' })
  const failed = await rig.form({ now: START + 1 })
  await rig.fail(failed, { at: START + 1 })
  await rig.accept({ user: 'c' }, { user: 'd' })
  const split = await rig.form({ now: START + 2 })
  const [half = 0, other = 0] = await rig.split(split, { at: START + 2 })
  return { delivered: delivered.id, failed: failed.id, split: split.id, half, retrying: other }
}

/** Everything that only reads. */
export function describeReading(openStore: OpenStore): void {
  const withRig = rigged(openStore)

  describe('books', () => {
    it('are empty in a new store', async () => {
      await openStore(async (open) => {
        const books = await (await open()).books()
        expect(books).toEqual({
          events: { pending: 0, sending: 0, retrying: 0, delivered: 0, superseded: 0, failed: 0 },
          removed: 0,
          rejected: 0,
          batches: { sending: 0, retrying: 0, delivered: 0, failed: 0, split: 0, replayed: 0 },
          prunedDelivered: 0,
          intake: { received: 0, accepted: 0, duplicates: 0, rejected: 0, ignored: {} },
          endpoint: undefined,
          sender: undefined,
          oldestPendingAt: undefined,
          lastErrors: [],
          bytes: expect.any(Number) as unknown
        })
        expect(books.bytes).toBeGreaterThan(0)
      })
    })

    it('count batches and events by state', async () => {
      await withRig(async (rig) => {
        await oneOfEach(rig)
        await rig.accept({ user: 'e' })
        await rig.form()
        await rig.accept({ user: 'f' })
        const { batches, events } = await rig.store.books()
        expect(batches).toEqual({ sending: 1, retrying: 2, delivered: 1, failed: 1, split: 1, replayed: 0 })
        expect(events).toEqual({ pending: 1, sending: 1, retrying: 2, delivered: 1, superseded: 0, failed: 1 })
      })
    })

    it('know when the oldest event arrived that is not settled, in a batch or not', async () => {
      await withRig(async (rig) => {
        await rig.acceptAndDeliver({ arrived: 1 })
        await rig.accept({ user: 'b', arrived: 40 }, { user: 'b', arrived: 50 })
        expect((await rig.store.books()).oldestPendingAt).toBe(START + 40)
        const batch = await rig.form()
        await rig.accept({ user: 'c', arrived: 60 })
        expect((await rig.store.books()).oldestPendingAt).toBe(START + 40)
        await rig.retry(batch, START)
        expect((await rig.store.books()).oldestPendingAt).toBe(START + 40)
        await rig.fail(batch)
        expect((await rig.store.books()).oldestPendingAt).toBe(START + 60)
      })
    })

    it('hold the last five errors of what is failed or waits, newest first', async () => {
      await withRig(async (rig) => {
        for (let n = 0; n < 7; n++) {
          await rig.accept({ user: `u${n}` })
          await rig.fail(await rig.form(), { at: START + n, status: 400 + n, code: `code ${n}`, error: `words ${n}` })
        }
        const { lastErrors } = await rig.store.books()
        expect(lastErrors.map(({ error }) => error)).toEqual([6, 5, 4, 3, 2].map((n) => `words ${n}`))
        expect(lastErrors[0]).toMatchObject({ at: START + 6, status: 406, code: 'code 6' })
      })
    })

    it('hold the endpoint as it was saved last', async () => {
      await withRig(async ({ store }) => {
        await store.saveEndpoint({ state: 'key-refused', since: START, lastError: '401', nextProbeAt: START + 5 })
        const ok = { state: 'ok', since: START + 6, lastError: undefined, nextProbeAt: undefined } as const
        await store.saveEndpoint(ok)
        expect((await store.books()).endpoint).toEqual(ok)
      })
    })
  })

  describe('countStates', () => {
    it('says where the events of some receipts stand, and leaves out the others', async () => {
      await withRig(async (rig) => {
        const first = await rig.accept(
          { user: 'a', at: 9, properties: { n: 2 } },
          { user: 'a', at: 8, properties: { n: 1 } }
        )
        await rig.deliver(await rig.form())
        await rig.accept({ user: 'not ours' })
        const second = await rig.accept({ user: 'b' }, { user: 'c' })
        const none = { pending: 0, sending: 0, retrying: 0, delivered: 0, superseded: 0, failed: 0 }
        const ranges = [first.range, second.range].flatMap((range) => range ?? [])
        expect(await rig.store.countStates(ranges)).toEqual({ ...none, delivered: 1, superseded: 1, pending: 2 })
        expect(await rig.store.countStates([])).toEqual(none)
      })
    })
  })

  describe('listBatches and getBatch', () => {
    it('list the newest first, by state, by when they were made, and up to a limit', async () => {
      await withRig(async (rig) => {
        const { store } = rig
        const ids = await oneOfEach(rig)
        const list = async (filter: Parameters<typeof store.listBatches>[0]): Promise<number[]> =>
          (await store.listBatches(filter)).map(({ id }) => id)
        expect(await list({ limit: 99 })).toEqual([ids.retrying, ids.half, ids.split, ids.failed, ids.delivered])
        expect(await list({ limit: 2 })).toEqual([ids.retrying, ids.half])
        expect(await list({ state: 'failed', limit: 99 })).toEqual([ids.failed])
        expect(await list({ since: START + 2, limit: 99 })).toEqual([ids.retrying, ids.half, ids.split])
        expect(await list({ state: 'split', since: START + 3, limit: 99 })).toEqual([])
      })
    })

    it('show the halves of a split batch, and nothing for a batch that is not there', async () => {
      await withRig(async (rig) => {
        const ids = await oneOfEach(rig)
        const children = (await rig.store.getBatch(ids.split))?.children
        expect(children).toMatchObject([
          { id: ids.half, parentId: ids.split, state: 'retrying' },
          { id: ids.retrying, parentId: ids.split }
        ])
        expect((await rig.store.getBatch(ids.half))?.children).toEqual([])
        expect(await rig.store.getBatch(999)).toBeUndefined()
      })
    })
  })

  describe('events', () => {
    it('of a batch come in the order of arrival, up to a limit', async () => {
      await withRig(async (rig) => {
        await rig.accept({ id: 'a', user: 'x', at: 9 }, { id: 'b', user: 'y' }, { id: 'c', user: 'x', at: 1 })
        const { id } = await rig.form()
        const shown = await rig.store.eventsOfBatch(id, 9)
        expect(shown.map(({ messageId }) => messageId)).toEqual(['a', 'b', 'c'])
        expect(shown[0]).toMatchObject({ batchId: id, state: 'sending', identifier: 'x' })
        expect(await rig.store.eventsOfBatch(id, 2)).toHaveLength(2)
        expect(await rig.store.eventsOfBatch(999, 2)).toEqual([])
      })
    })

    it('of a user come newest first, up to a limit, with how many there are', async () => {
      await withRig(async (rig) => {
        await rig.accept({ id: 'new', at: 3 }, { id: 'new too', at: 3 }, { id: 'old', at: 1 }, { user: 'v' })
        const { events, total } = await rig.store.eventsOfUser('u', 2)
        expect(events.map(({ messageId }) => messageId)).toEqual(['new too', 'new'])
        expect(total).toBe(3)
        expect(await rig.store.eventsOfUser('nobody', 2)).toEqual({ events: [], total: 0 })
      })
    })

    it('are found by message, with what became of them', async () => {
      await withRig(async (rig) => {
        const event = newEvent({ id: 'x', properties: { a: 1 } })
        await rig.store.accept({ events: [event], rejections: [], ignored: {} })
        const batch = await rig.form()
        await rig.deliver(batch)
        expect(await rig.store.getEvent('x')).toMatchObject({ ...event, state: 'delivered', batchId: batch.id })
        expect(await rig.store.getEvent('y')).toBeUndefined()
      })
    })
  })

  describe('agenda', () => {
    it('knows what is left to do', async () => {
      await withRig(async (rig) => {
        const { store } = rig
        expect(await store.agenda()).toEqual({ hasPending: false, openBatches: 0 })
        await rig.accept({ user: 'a' }, { user: 'b' })
        expect(await store.agenda()).toEqual({ hasPending: true, openBatches: 0 })
        const [first, second] = [await rig.form({ maxUsers: 1 }), await rig.form({ maxUsers: 1 })]
        expect(await store.agenda()).toEqual({ hasPending: false, openBatches: 2 })
        expect(await store.nextRetryAt()).toBeUndefined()
        await rig.retry(first, START + 9)
        await rig.retry(second, START + 5)
        expect(await store.nextRetryAt()).toBe(START + 5)
        expect(await store.agenda()).toEqual({ hasPending: false, openBatches: 2 })
      })
    })
  })
}
