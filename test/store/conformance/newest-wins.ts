import { START } from '../new-events.js'
import { rigged, usersOf, type OpenStore } from '../store-rig.js'

/** Law 4, case by case; `histories.ts` tries it on histories made up at random. */
export function describeNewestWins(openStore: OpenStore): void {
  const withRig = rigged(openStore)

  describe('a user never goes backwards', () => {
    it('an older event that arrives after a newer one was delivered loses the values they share', async () => {
      await withRig(async (rig) => {
        await rig.acceptAndDeliver({ id: 'new', at: 20, properties: { plan: 'pro' } })
        await rig.accept({ id: 'old', at: 10, properties: { plan: 'free', name: 'Ann' } })
        const batch = await rig.form()
        expect(usersOf(batch.entries)).toEqual({ u: { name: 'Ann' } })
        expect(batch).toMatchObject({ events: 1, superseded: 0 })
        await rig.deliver(batch)
        expect(await rig.stateOf('old')).toBe('delivered')
      })
    })

    it('an older event of which nothing is left is superseded without a call, by the event that overtook it', async () => {
      await withRig(async (rig) => {
        await rig.acceptAndDeliver({ id: 'new', at: 20, properties: { plan: 'pro' } })
        await rig.accept({ id: 'old', at: 10, properties: { plan: 'free' } })
        expect(await rig.tryForm()).toEqual({ kind: 'superseded', batchId: expect.any(Number) as unknown, events: 1 })
        expect(await rig.counts()).toEqual({ delivered: 1, superseded: 1 })
        expect(await rig.overtakerOf('old')).toBe('new')
        expect(await rig.tryForm()).toEqual({ kind: 'nothing' })
      })
    })

    it('what went out with a call that was split without a clear answer keeps older values back, though it fails then', async () => {
      await withRig(async (rig) => {
        await rig.accept({ user: 'a', at: 10, properties: { x: 2 } }, { user: 'b' })
        await rig.split(await rig.form(), { status: 200, code: 'count_mismatch' })
        for (let half = await rig.claim(); half !== undefined; half = await rig.claim()) await rig.fail(half)
        await rig.accept({ user: 'a', at: 5, properties: { x: 1 } })
        expect(await rig.tryForm()).toMatchObject({ kind: 'superseded' })
      })
    })

    it('what may have reached Dopt before two replays still keeps older values back', async () => {
      await withRig(async (rig) => {
        await rig.accept({ user: 'a', at: 10, properties: { x: 2 } })
        await rig.fail(await rig.form(), { status: 500 })
        for (let replay = 0; replay < 2; replay++) {
          await rig.replay()
          await rig.fail(await rig.form())
        }
        await rig.accept({ user: 'a', at: 5, properties: { x: 1 } })
        expect(await rig.tryForm()).toMatchObject({ kind: 'superseded' })
      })
    })

    it('overtaken values are left out also of the events that go first because not all fit into a call', async () => {
      await withRig(async (rig) => {
        await rig.acceptAndDeliver({ user: 'a', at: 100, properties: { x: 9 } })
        await rig.accept(
          { user: 'a', at: 1, properties: { x: 1, u: 'u'.repeat(200) } },
          { user: 'a', at: 2, properties: { y: 'y'.repeat(200) } }
        )
        const { entries } = await rig.form({ maxBodyBytes: 300 })
        expect(usersOf(entries)).toEqual({ a: { u: 'u'.repeat(200) } })
      })
    })

    it('what overtook an event is a message that has one of its names, not merely a newer one', async () => {
      await withRig(async (rig) => {
        await rig.acceptAndDeliver({ id: 'same name', at: 20, properties: { plan: 'pro' } })
        await rig.acceptAndDeliver({ id: 'other name', at: 30, properties: { seats: 3 } })
        await rig.accept({ id: 'old', at: 10, properties: { plan: 'free' } })
        await rig.tryForm()
        expect(await rig.overtakerOf('old')).toBe('same name')
      })
    })

    it('of several events that overtook an event together, the newest counts', async () => {
      await withRig(async (rig) => {
        await rig.acceptAndDeliver({ id: 'b', at: 30, properties: { b: 1 } })
        await rig.acceptAndDeliver({ id: 'a', at: 20, properties: { a: 1 } })
        await rig.accept({ id: 'old', at: 10, properties: { a: 0, b: 0 } })
        await rig.tryForm()
        expect(await rig.overtakerOf('old')).toBe('b')
      })
    })

    it('an event may lose one part to a delivered event and the rest to one that goes out with it', async () => {
      await withRig(async (rig) => {
        await rig.acceptAndDeliver({ at: 20, properties: { a: 1 } })
        await rig.accept({ id: 'old', at: 10, properties: { a: 0, b: 0 } }, { id: 'new', at: 15, properties: { b: 1 } })
        const batch = await rig.form()
        expect(usersOf(batch.entries)).toEqual({ u: { b: 1 } })
        await rig.deliver(batch)
        expect(await rig.overtakerOf('old')).toBe('new')
      })
    })

    it('newer events in a second batch overwrite, in whatever order they arrived', async () => {
      await withRig(async (rig) => {
        await rig.acceptAndDeliver({ at: 10, properties: { a: 1, b: 1 } })
        await rig.accept({ at: 30, properties: { a: 3 } }, { at: 20, properties: { a: 2, b: 2 } })
        expect(usersOf((await rig.form()).entries)).toEqual({ u: { a: 3, b: 2 } })
      })
    })

    it('of equal times the later arrival is the newer, delivered or not', async () => {
      await withRig(async (rig) => {
        await rig.acceptAndDeliver({ at: 10, properties: { a: 1 } })
        await rig.accept({ at: 10, properties: { a: 2 } })
        expect(usersOf((await rig.form()).entries)).toEqual({ u: { a: 2 } })
      })
    })

    it('an event that failed does not overtake anything', async () => {
      await withRig(async (rig) => {
        await rig.accept({ at: 20, properties: { a: 2 } })
        await rig.fail(await rig.form())
        await rig.accept({ at: 10, properties: { a: 1 } })
        expect(usersOf((await rig.form()).entries)).toEqual({ u: { a: 1 } })
      })
    })

    it('an event that failed after a call without an answer may have reached Dopt: what is older does not go out', async () => {
      await withRig(async (rig) => {
        await rig.accept({ at: 20, properties: { plan: 'pro' } })
        const batch = await rig.form()
        await rig.retry(batch, START, { status: undefined, code: 'timeout' })
        await rig.fail((await rig.claim()) ?? batch, { status: undefined, code: 'timeout' })
        await rig.accept({ at: 10, properties: { plan: 'free', name: 'Ann' } })
        expect(usersOf((await rig.form()).entries)).toEqual({ u: { name: 'Ann' } })
      })
    })

    it('an event without properties creates its user and is never superseded', async () => {
      await withRig(async (rig) => {
        await rig.acceptAndDeliver({ at: 20, properties: { a: 1 } })
        await rig.accept({ id: 'bare', at: 10 })
        const batch = await rig.form()
        expect(usersOf(batch.entries)).toEqual({ u: {} })
        await rig.deliver(batch)
        expect(await rig.stateOf('bare')).toBe('delivered')
      })
    })

    it('an event without properties goes out with the values of the others', async () => {
      await withRig(async (rig) => {
        await rig.accept({ id: 'bare', at: 10 }, { at: 20, properties: { a: 1 } })
        const batch = await rig.form()
        expect(usersOf(batch.entries)).toEqual({ u: { a: 1 } })
        await rig.deliver(batch)
        expect(await rig.counts()).toEqual({ delivered: 2 })
      })
    })

    it('null is a value: it overwrites, and is overwritten', async () => {
      await withRig(async (rig) => {
        await rig.acceptAndDeliver({ at: 20, properties: { a: null } })
        await rig.accept({ at: 10, properties: { a: 1 } })
        expect((await rig.tryForm()).kind).toBe('superseded')
        await rig.accept({ at: 30, properties: { a: 2 } })
        expect(usersOf((await rig.form()).entries)).toEqual({ u: { a: 2 } })
      })
    })

    it('an event that was overtaken still overtakes nothing older than what overtook it', async () => {
      await withRig(async (rig) => {
        await rig.acceptAndDeliver({ at: 30, properties: { a: 3 } })
        await rig.accept({ at: 20, properties: { a: 2 } })
        await rig.tryForm()
        await rig.accept({ id: 'oldest', at: 10, properties: { a: 1 } })
        expect((await rig.tryForm()).kind).toBe('superseded')
        expect(await rig.counts()).toEqual({ delivered: 1, superseded: 2 })
      })
    })

    it('one user says nothing about another', async () => {
      await withRig(async (rig) => {
        await rig.acceptAndDeliver({ user: 'a', at: 20, properties: { plan: 'pro' } })
        await rig.accept({ user: 'b', at: 10, properties: { plan: 'free' } })
        expect(usersOf((await rig.form()).entries)).toEqual({ b: { plan: 'free' } })
      })
    })

    it('a failed batch that is replayed after newer values were delivered sends what is left of it', async () => {
      await withRig(async (rig) => {
        await rig.accept({ id: 'old', at: 10, properties: { plan: 'free', name: 'Ann' } })
        await rig.accept({ id: 'older', at: 5, user: 'v', properties: { plan: 'free' } })
        await rig.fail(await rig.form())
        await rig.acceptAndDeliver(
          { at: 20, properties: { plan: 'pro' } },
          { id: 'newer', at: 20, user: 'v', properties: { plan: 'pro' } }
        )
        await rig.replay()
        const batch = await rig.form()
        expect(usersOf(batch.entries)).toEqual({ u: { name: 'Ann' } })
        await rig.deliver(batch)
        expect(await rig.counts()).toEqual({ delivered: 3, superseded: 1 })
        expect(await rig.overtakerOf('older')).toBe('newer')
      })
    })

    it('a failed event that is replayed while its user is busy waits, and then wins or loses by its time', async () => {
      await withRig(async (rig) => {
        await rig.accept({ at: 30, properties: { a: 3 } })
        await rig.fail(await rig.form())
        await rig.accept({ at: 20, properties: { a: 2, b: 2 } })
        const second = await rig.form()
        await rig.replay()
        expect(await rig.tryForm()).toEqual({ kind: 'nothing' })
        await rig.deliver(second)
        expect(usersOf((await rig.form()).entries)).toEqual({ u: { a: 3 } })
      })
    })

    it('an event that was overtaken when its batch was formed is not failed with the batch', async () => {
      await withRig(async (rig) => {
        await rig.acceptAndDeliver({ user: 'good', at: 20, properties: { plan: 'pro' } })
        await rig.accept({ id: 'overtaken', user: 'good', at: 10, properties: { plan: 'free' } })
        await rig.accept({ id: 'offender', user: 'bad', properties: { plan: 'x' } })
        await rig.fail(await rig.form())
        expect(await rig.stateOf('offender')).toBe('failed')
        expect(await rig.stateOf('overtaken')).toBe('superseded')
      })
    })

    it('remembers what was delivered after a restart', async () => {
      await withRig(async (rig) => {
        await rig.acceptAndDeliver({ at: 20, properties: { a: 2 } })
        await rig.accept({ at: 10, properties: { a: 1, b: 1 } })
        await rig.reopen(START + 1)
        expect(usersOf((await rig.form()).entries)).toEqual({ u: { b: 1 } })
      })
    })

    it('leaves out of a late event what any of hundreds of newer ones has delivered', async () => {
      await withRig(async (rig) => {
        await rig.accept({ id: 'only with b', at: 10, properties: { a: 0, b: 'newer' } })
        await rig.accept(...Array.from({ length: 250 }, (_, n) => ({ id: `a-${n}`, at: 20 + n, properties: { a: n } })))
        await rig.deliver(await rig.form())
        await rig.accept({ id: 'late', at: 5, properties: { a: -1, b: 'older', c: 'own' } })
        const batch = await rig.form()
        expect(usersOf(batch.entries)).toEqual({ u: { c: 'own' } })
        await rig.deliver(batch)
        await rig.accept({ id: 'later', at: 6, properties: { b: 'older' } })
        expect((await rig.tryForm()).kind).toBe('superseded')
        expect(await rig.overtakerOf('later')).toBe('only with b')
      })
    })

    it('holds older values back for a value that Dopt may have, though it was overtaken since by one that failed and is gone', async () => {
      await withRig(async (rig) => {
        await rig.accept({ at: 10, properties: { a: 'maybe there' } })
        const first = await rig.form()
        await rig.retry(first, START, { status: undefined })
        await rig.fail((await rig.claim()) ?? first)
        await rig.replay()
        await rig.accept({ at: 20, properties: { a: 'refused' } })
        await rig.fail(await rig.form())
        while ((await rig.store.pruneStep({ failedBefore: Number.MAX_SAFE_INTEGER })).more);
        await rig.accept({ at: 5, properties: { a: 'older', b: 'own' } })
        expect(usersOf((await rig.form()).entries)).toEqual({ u: { b: 'own' } })
      })
    })

    it('leaves out of a replayed event what one of the same time, which arrived after it, has delivered since', async () => {
      await withRig(async (rig) => {
        await rig.accept({ id: 'first', at: 5, properties: { a: 'first' } })
        await rig.fail(await rig.form())
        await rig.acceptAndDeliver({ id: 'second', at: 5, properties: { a: 'second' } })
        await rig.replay()
        expect((await rig.tryForm()).kind).toBe('superseded')
        expect(await rig.overtakerOf('first')).toBe('second')
      })
    })
  })
}
