import type { EventRecord } from '../../../src/store/store.js'
import { member, ofGroup, START, type EventParts } from '../new-events.js'
import { rigged, usersOf, type OpenStore, type StoreRig } from '../store-rig.js'

/** A group event that names a user, as most do. */
function groupEvent(id: string, at: number, properties: Record<string, unknown> = { plan: id }): EventParts {
  return { id, at, group: 'acme', properties, later: [member('ann', 'acme')] }
}

/** An identify that says something of the user's group as well. */
function identify(id: string, at: number): EventParts {
  return { id, at, user: 'ann', groups: ['acme'], properties: { name: id }, later: [ofGroup('acme', { plan: id })] }
}

const turnsOf = async (rig: StoreRig, id: string): Promise<string[]> =>
  (await rig.store.partsOfEvent(id)).map(({ subject, state, turn }: EventRecord) => `${subject} ${state} ${turn}`)

/** An event that says something of several is one event, in one state, and its parts go out one after the other. */
export function describeParts(openStore: OpenStore): void {
  const withRig = rigged(openStore)

  describe('an event with parts', () => {
    it('goes out part by part, and is delivered with the last', async () => {
      await withRig(async (rig) => {
        const { range, accepted } = await rig.accept({ id: 'n', user: 'bob' }, groupEvent('m', 1))
        expect([accepted, Number(range?.last) - Number(range?.first)]).toEqual([2, 2])
        await rig.deliver(await rig.form())
        expect(await turnsOf(rig, 'm')).toEqual(['group pending now', 'user pending later'])

        const group = await rig.form()
        expect([group.subject, usersOf(group.entries)]).toEqual(['group', { acme: { plan: 'm' } }])
        expect(await rig.tryForm()).toEqual({ kind: 'nothing' })
        expect(await rig.store.settle(group.id, delivered())).toEqual({ delivered: 0, superseded: 0, failed: 0 })
        await rig.audit()
        expect(await turnsOf(rig, 'm')).toEqual(['group delivered over', 'user pending now'])
        expect(await rig.counts()).toEqual({ delivered: 1, pending: 1 })

        const user = await rig.form()
        expect(user.entries).toMatchObject([{ identifier: 'ann', groups: [{ identifier: 'acme' }] }])
        expect(await rig.store.settle(user.id, delivered())).toEqual({ delivered: 1, superseded: 0, failed: 0 })
        await rig.audit()
        expect(await turnsOf(rig, 'm')).toEqual(['group delivered over', 'user delivered now'])
        expect(await rig.counts()).toEqual({ delivered: 2 })
        expect(range && (await rig.store.countStates([range]))).toMatchObject({ delivered: 2 })
      })
    })

    it('is a duplicate when it comes again, whatever part has its turn', async () => {
      await withRig(async (rig) => {
        await rig.accept(groupEvent('m', 1))
        expect(await rig.accept(groupEvent('m', 1))).toMatchObject({ accepted: 0, duplicates: 1 })
        await rig.deliver(await rig.form())
        expect(await rig.accept({ id: 'm', user: 'ann' })).toMatchObject({ accepted: 0, duplicates: 1 })
      })
    })

    it('does not set back what its first part gave when its second one is tried again', async () => {
      await withRig(async (rig) => {
        await rig.accept(identify('m', 5))
        await rig.deliver(await rig.form())
        const group = await rig.form()
        await rig.fail(group)
        expect(await rig.counts()).toEqual({ failed: 1 })
        await rig.acceptAndDeliver({ group: 'acme', at: 9, properties: { seats: 9 } })
        await rig.acceptAndDeliver({ user: 'ann', at: 9, properties: { name: 'new' } })
        expect(await rig.replay()).toEqual({ batches: 1, events: 1, users: 0 })
        const again = await rig.form()
        expect([again.subject, usersOf(again.entries)]).toEqual(['group', { acme: { plan: 'm' } }])
        await rig.deliver(again)
        expect(await rig.tryForm()).toEqual({ kind: 'nothing' })
        expect(await rig.stateOf('m')).toBe('delivered')
      })
    })

    it('goes on with its next part when one was overtaken before it went out', async () => {
      await withRig(async (rig) => {
        await rig.acceptAndDeliver({ group: 'acme', at: 9, properties: { plan: 'new' } })
        await rig.accept(groupEvent('late', 5))
        expect(await rig.tryForm()).toMatchObject({ kind: 'superseded', events: 0 })
        expect(await turnsOf(rig, 'late')).toEqual(['group superseded over', 'user pending now'])
        await rig.deliver(await rig.form())
        expect(await rig.counts()).toEqual({ delivered: 2 })
      })
    })

    it('goes on when a newer event of the same call overtook it', async () => {
      await withRig(async (rig) => {
        await rig.accept(groupEvent('old', 1), { ...groupEvent('new', 2), later: [member('bob', 'acme')] })
        const group = await rig.form()
        expect(group).toMatchObject({ events: 2, superseded: 1 })
        await rig.deliver(group)
        expect(await rig.counts()).toEqual({ pending: 2 })
        const users = await rig.form()
        expect(Object.keys(usersOf(users.entries)).sort()).toEqual(['ann', 'bob'])
        await rig.deliver(users)
        expect(await rig.counts()).toEqual({ delivered: 2 })
        await rig.store.forget('bob')
        await rig.audit()
        expect(await rig.counts()).toEqual({ delivered: 1 })
      })
    })

    it('goes on when it was overtaken while it waited for its next attempt', async () => {
      await withRig(async (rig) => {
        await rig.accept(groupEvent('m', 1))
        const batch = await rig.form()
        await rig.fail(batch, { status: undefined })
        await rig.replay()
        const again = await rig.form()
        await rig.retry(again, START)
        await rig.store.forget('ann')
        await rig.audit()
        expect(await rig.claim()).toBeUndefined()
        expect(await rig.counts()).toEqual({})
      })
    })

    it('stands where it was after a restart', async () => {
      await withRig(async (rig) => {
        await rig.accept(groupEvent('m', 1))
        await rig.deliver(await rig.form())
        await rig.reopen()
        const user = await rig.form()
        await rig.reopen()
        expect(await rig.counts()).toEqual({ retrying: 1 })
        expect(await rig.claim()).toMatchObject({ id: user.id, subject: 'user' })
      })
    })

    it('is found by the numbers of a replay until its last part is settled', async () => {
      await withRig(async (rig) => {
        await rig.accept(groupEvent('m', 1), { ...groupEvent('n', 2), later: [member('bob', 'acme')] })
        await rig.fail(await rig.form())
        const { ranges } = await rig.store.replay({}, START)
        for (const state of ['pending', 'pending', 'delivered']) {
          const counts = await rig.store.countStates(ranges)
          expect(Object.entries(counts).filter(([, count]) => count > 0)).toEqual([[state, 2]])
          if (state === 'pending') await rig.deliver(await rig.form())
        }
      })
    })

    it('keeps what its first part gave safe from older values, with and without retention', async () => {
      for (const isPruned of [false, true]) {
        await withRig(async (rig) => {
          await rig.accept(groupEvent('m', 5))
          await rig.deliver(await rig.form())
          await rig.fail(await rig.form())
          if (isPruned) while ((await rig.store.pruneStep({ deliveredBefore: START + 1 })).more);
          await rig.audit()
          await rig.accept({ id: 'old', group: 'acme', at: 1, properties: { plan: 'old' } })
          expect(await rig.tryForm()).toMatchObject({ kind: 'superseded', events: 1 })
          expect(await rig.counts()).toEqual({ failed: 1, superseded: 1 })
          expect(await rig.accept(groupEvent('m', 5))).toMatchObject({ duplicates: 1 })
          expect((await rig.store.partsOfEvent('m')).length).toBe(isPruned ? 1 : 2)
        })
      }
    })

    it('leaves nothing behind when retention removes it', async () => {
      await withRig(async (rig) => {
        await rig.accept(groupEvent('m', 1), { ...identify('n', 2), later: [ofGroup('x'), ofGroup('y')] })
        await rig.deliver(await rig.form())
        await rig.fail(await rig.form())
        await rig.fail(await rig.form())
        const options = { deliveredBefore: START + 1, failedBefore: START + 1 }
        while ((await rig.store.pruneStep(options)).more) await rig.audit()
        expect(await rig.counts()).toEqual({})
        expect(await rig.store.books()).toMatchObject({ removed: 2, batches: { delivered: 0, failed: 0 } })
        expect([...(await rig.store.partsOfEvent('m')), ...(await rig.store.partsOfEvent('n'))]).toEqual([])
      })
    })
  })

  describe('an event of a user', () => {
    it('is among the events of everybody whom it names', async () => {
      await withRig(async (rig) => {
        await rig.accept(groupEvent('m', 1))
        const ann = await rig.store.eventsOfUser('ann', 9)
        expect(ann).toMatchObject({ total: 1, events: [{ messageId: 'm', turn: 'later', groups: ['acme'] }] })
        expect(await rig.store.eventsOfUser('acme', 9, 'group')).toMatchObject({ total: 1, events: [{ turn: 'now' }] })
        expect(await rig.store.getEvent('m')).toMatchObject({ subject: 'group', turn: 'now' })
      })
    })
  })
}

function delivered() {
  return { to: 'delivered', call: { at: START, status: 200, code: undefined, error: undefined } } as const
}
