import { member, START, type EventParts } from '../new-events.js'
import { rigged, type OpenStore, type StoreRig } from '../store-rig.js'

/** A group event that names a user, as most do. */
function groupEvent(id: string, at: number): EventParts {
  return { id, at, group: 'acme', properties: { plan: id }, later: [member('ann', 'acme')] }
}

/** What becomes of an older value of the group. */
async function formOlder(rig: StoreRig): Promise<string> {
  await rig.accept({ id: 'old', group: 'acme', at: 1, properties: { plan: 'old' } })
  return (await rig.tryForm()).kind
}

export function describeForgetting(openStore: OpenStore): void {
  const withRig = rigged(openStore)

  describe('forgetting somebody whom an event with parts names', () => {
    it('removes all of the event, wherever it stands, and nothing else of the group', async () => {
      await withRig(async (rig) => {
        await rig.acceptAndDeliver({ id: 'own', group: 'acme', at: 1, properties: { seats: 1 } })
        await rig.accept(groupEvent('m', 5))
        await rig.deliver(await rig.form())
        await rig.accept(groupEvent('waits', 7))
        expect(await rig.store.forget('ann')).toEqual({ events: 2, rejections: 0 })
        await rig.audit()
        expect(await rig.counts()).toEqual({ delivered: 1 })
        expect(await rig.store.partsOfEvent('m')).toEqual([])
        expect(await rig.tryForm()).toEqual({ kind: 'nothing' })
        expect((await rig.store.eventsOfUser('acme', 9, 'group')).total).toBe(1)

        // What it gave the group is at Dopt still.
        await rig.accept({ id: 'old', group: 'acme', at: 4, properties: { plan: 'old' } })
        expect(await rig.tryForm()).toMatchObject({ kind: 'superseded' })
      })
    })

    it('goes for groups as well', async () => {
      await withRig(async (rig) => {
        await rig.accept(groupEvent('m', 1), { id: 'n', user: 'ann' }, { id: 'o', user: 'acme' })
        expect(await rig.store.forget('acme', 'group')).toEqual({ events: 1, rejections: 0 })
        await rig.audit()
        expect(await rig.counts()).toEqual({ pending: 2 })
        expect((await rig.store.eventsOfUser('ann', 9)).events.map(({ messageId }) => messageId)).toEqual(['n'])
      })
    })
  })

  describe('older values of a group, after a user has been forgotten whose event had given it newer ones', () => {
    test('go out where those had not gone out', async () => {
      await withRig(async (rig) => {
        await rig.accept(groupEvent('m', 5))
        await rig.store.forget('ann')
        expect(await formOlder(rig)).toBe('formed')
      })
    })

    test('go out where those were refused', async () => {
      await withRig(async (rig) => {
        await rig.accept(groupEvent('m', 5))
        await rig.fail(await rig.form())
        await rig.store.forget('ann')
        expect(await formOlder(rig)).toBe('formed')
      })
    })

    test('do not where the call with those is under way', async () => {
      await withRig(async (rig) => {
        await rig.accept(groupEvent('m', 5))
        const batch = await rig.form()
        await rig.store.forget('ann')
        await rig.deliver(batch)
        expect(await formOlder(rig)).toBe('superseded')
      })
    })

    test('do not where the call with those had no answer, and was given up', async () => {
      await withRig(async (rig) => {
        await rig.accept(groupEvent('m', 5))
        await rig.fail(await rig.form(), { status: undefined, code: 'timeout' })
        await rig.store.forget('ann')
        expect(await formOlder(rig)).toBe('superseded')
      })
    })

    test('do not where such a call was put back since', async () => {
      await withRig(async (rig) => {
        await rig.accept(groupEvent('m', 5))
        await rig.fail(await rig.form(), { status: undefined, code: 'timeout' })
        await rig.replay()
        await rig.store.forget('ann')
        expect(await formOlder(rig)).toBe('superseded')
      })
    })
  })

  describe('a settled batch, after one of its users has been forgotten', () => {
    test('has its other users and events, and its outcome', async () => {
      await withRig(async (rig) => {
        await rig.accept({ user: 'ann', at: 1 }, { user: 'ann', at: 2 }, { user: 'bob', at: 3 })
        const { id } = await rig.form()
        await rig.store.settle(id, {
          to: 'failed',
          call: { at: START, status: 400, code: 'invalid_request_error', error: 'no' }
        })
        await rig.store.forget('ann')
        const found = await rig.store.getBatch(id)
        expect(found?.batch).toMatchObject({ users: 1, events: 1, lastStatus: 400, lastCode: 'invalid_request_error' })
      })
    })
  })
}
