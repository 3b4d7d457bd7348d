import { START } from '../new-events.js'
import { formOptions, rigged, usersOf, type OpenStore, type StoreRig } from '../store-rig.js'

/** Fails one batch for each list of users, one ms after the other; returns the batch ids. */
async function failedBatches(rig: StoreRig, ...batches: string[][]): Promise<number[]> {
  const ids: number[] = []
  for (const names of batches) {
    await rig.accept(...names.map((user) => ({ user, properties: { of: ids.length } })))
    const batch = await rig.form()
    await rig.fail(batch, { at: START + ids.length })
    ids.push(batch.id)
  }
  return ids
}

/** Putting failed work back. */
export function describeReplaying(openStore: OpenStore): void {
  const withRig = rigged(openStore)

  describe('replay', () => {
    it('puts everything that failed back as pending', async () => {
      await withRig(async (rig) => {
        const ids = await failedBatches(rig, ['a', 'b'], ['c'])
        expect(await rig.replay()).toEqual({ batches: 2, events: 3, users: 3 })
        expect(await rig.counts()).toEqual({ pending: 3 })
        for (const id of ids) {
          expect((await rig.store.getBatch(id))?.batch).toMatchObject({ state: 'replayed', events: 0 })
        }
        expect(usersOf((await rig.form()).entries)).toEqual({ a: { of: 0 }, b: { of: 0 }, c: { of: 1 } })
        expect(await rig.replay()).toEqual({ batches: 0, events: 0, users: 0 })
      })
    })

    it('takes one batch', async () => {
      await withRig(async (rig) => {
        const [, second = 0] = await failedBatches(rig, ['a'], ['b'], ['c'])
        expect(await rig.replay({ batchId: second })).toEqual({ batches: 1, events: 1, users: 1 })
        expect(usersOf((await rig.form()).entries)).toEqual({ b: { of: 1 } })
      })
    })

    it('takes one user out of its batches and leaves the others there', async () => {
      await withRig(async (rig) => {
        const [first = 0, second = 0, third = 0] = await failedBatches(rig, ['a', 'b'], ['b'], ['c'])
        expect(await rig.replay({ identifier: 'b' })).toEqual({ batches: 2, events: 2, users: 1 })
        expect((await rig.store.getBatch(first))?.batch).toMatchObject({ state: 'failed', events: 1, users: 1 })
        expect((await rig.store.getBatch(second))?.batch).toMatchObject({ state: 'replayed', events: 0, users: 0 })
        expect((await rig.store.getBatch(third))?.batch).toMatchObject({ state: 'failed', events: 1 })
        expect((await rig.store.eventsOfBatch(first, 9)).map(({ identifier }) => identifier)).toEqual(['a'])
        expect(usersOf((await rig.form()).entries)).toEqual({ b: { of: 1 } })
        expect(await rig.replay()).toEqual({ batches: 2, events: 2, users: 2 })
      })
    })

    it('takes what failed at or after since and before until', async () => {
      await withRig(async (rig) => {
        await failedBatches(rig, ['a'], ['b'], ['c'], ['d'])
        await rig.replay({ since: START + 1, until: START + 3 })
        expect(usersOf((await rig.form()).entries)).toEqual({ b: { of: 1 }, c: { of: 2 } })
      })
    })

    it('narrows by every condition at once', async () => {
      await withRig(async (rig) => {
        const [first = 0, second = 0] = await failedBatches(rig, ['a', 'b'], ['a', 'b'])
        const nothing = { batches: 0, events: 0, users: 0 }
        expect(await rig.replay({ identifier: 'a', since: START + 2 })).toEqual(nothing)
        expect(await rig.replay({ identifier: 'z' })).toEqual(nothing)
        expect(await rig.replay({ batchId: first, since: START + 1 })).toEqual(nothing)
        expect(await rig.replay({ batchId: second, identifier: 'b', until: START + 2 })).toMatchObject({ events: 1 })
        expect(usersOf((await rig.form()).entries)).toEqual({ b: { of: 1 } })
      })
    })

    it('leaves what did not fail alone, even when it is named', async () => {
      await withRig(async (rig) => {
        const delivered = await rig.acceptAndDeliver({ user: 'a' })
        await rig.accept({ user: 'b' })
        const sending = await rig.form()
        for (const batchId of [delivered.id, sending.id, 999]) {
          expect(await rig.replay({ batchId })).toEqual({ batches: 0, events: 0, users: 0 })
        }
        expect(await rig.replay({ identifier: 'a' })).toMatchObject({ events: 0 })
        expect(await rig.counts()).toEqual({ delivered: 1, sending: 1 })
      })
    })

    it('takes superseded events of a failed batch along, and forgets what had overtaken them', async () => {
      await withRig(async (rig) => {
        await rig.accept({ id: 'old', at: 1, properties: { n: 1 } }, { id: 'new', at: 2, properties: { n: 2 } })
        await rig.fail(await rig.form())
        expect(await rig.counts()).toEqual({ failed: 2 })
        await rig.replay()
        expect(await rig.store.getEvent('old')).toMatchObject({ state: 'pending', supersededBy: undefined })
        expect(await rig.form()).toMatchObject({ events: 2, superseded: 1 })
      })
    })

    it('puts back the halves of a split batch that failed', async () => {
      await withRig(async (rig) => {
        await rig.accept({ user: 'good' }, { user: 'bad' })
        await rig.split(await rig.form())
        for (let half = await rig.claim(); half !== undefined; half = await rig.claim()) {
          if (Object.hasOwn(usersOf(half.entries), 'bad')) await rig.fail(half)
          else await rig.deliver(half)
        }
        expect(await rig.replay()).toEqual({ batches: 1, events: 1, users: 1 })
        expect(usersOf((await rig.form()).entries)).toEqual({ bad: {} })
      })
    })

    it('tells the user that it meant from others', async () => {
      await withRig(async (rig) => {
        await failedBatches(rig, ['a', 'b'])
        expect(await rig.store.countReplay({ identifier: 'a' })).toMatchObject({ batches: 1, events: 1, users: 1 })
      })
    })

    it('counts, without changing anything, what it would take', async () => {
      await withRig(async (rig) => {
        await failedBatches(rig, ['a', 'b'], ['c'])
        expect(await rig.store.countReplay({})).toMatchObject({ batches: 2, events: 3, users: 3 })
        expect(await rig.store.countReplay({ until: START + 1 })).toMatchObject({ batches: 1, events: 2, users: 2 })
        expect(await rig.counts()).toEqual({ failed: 3 })
      })
    })

    it('counts a user once, however many of its batches failed', async () => {
      await withRig(async (rig) => {
        await failedBatches(rig, ['a'], ['a'], ['a', 'b'])
        expect(await rig.store.countReplay({})).toMatchObject({ batches: 3, events: 4, users: 2 })
        expect(await rig.replay()).toEqual({ batches: 3, events: 4, users: 2 })
      })
    })

    it('says which arrival numbers it put back', async () => {
      await withRig(async (rig) => {
        const names = Array.from({ length: 70 }, (_, index) => `u${index}`)
        const { range } = await rig.accept(...names.map((user) => ({ user })))
        for (let failed = 0; failed < 70; failed++) await rig.fail(await rig.form({ maxUsers: 1 }))
        await rig.accept({ user: 'other' })
        const { ranges } = await rig.store.replay({}, START)
        const first = Number(range?.first)
        expect(ranges).toEqual([{ first, last: first + 69 }])
        expect(await rig.store.countStates(ranges)).toMatchObject({ pending: 70 })
      })
    })

    it('takes more batches than fit one commit', async () => {
      await withRig(async (rig) => {
        const names = Array.from({ length: 120 }, (_, index) => `u${index}`)
        await rig.accept(...names.map((user) => ({ user })))
        for (let index = 0; index < 120; index++) await rig.fail(await rig.form({ maxUsers: 1 }))
        expect(await rig.replay()).toEqual({ batches: 120, events: 120, users: 120 })
        expect(await rig.counts()).toEqual({ pending: 120 })
      })
    })

    it('takes what had failed when it began, and not what fails while it is at work', async () => {
      await withRig(async (rig) => {
        const names = Array.from({ length: 60 }, (_, index) => `u${index}`)
        await rig.accept(...names.map((user) => ({ user })))
        for (let index = 0; index < 60; index++) await rig.fail(await rig.form({ maxUsers: 1 }))
        let replaying = true
        const replayed = rig.store.replay({}, START).finally(() => (replaying = false))
        // Not for ever: a replay that takes those too would have no end.
        for (let turn = 0; replaying && turn < 20; turn++) {
          const formed = await rig.store.formBatch(formOptions())
          if (formed.kind === 'formed') await rig.fail(formed.batch, { at: START + 1 })
        }
        expect(await replayed).toMatchObject({ batches: 60, events: 60, users: 60 })
      })
    })
  })
}
