import { BODY_FRAME_BYTES, entryBytes } from '../../../src/destination/index.js'
import { START, type EventParts } from '../new-events.js'
import { formOptions, rigged, usersOf, type OpenStore } from '../store-rig.js'

/** An event whose user takes so many bytes of a call's body. */
function sized(user: string, bytes: number): EventParts {
  const bare = entryBytes('bulk', { identifier: user, properties: '{"pad":""}' })
  return { user, properties: { pad: 'x'.repeat(bytes - bare) } }
}

/** Law 5, and who is in a batch. */
export function describeForming(openStore: OpenStore): void {
  const withRig = rigged(openStore)

  describe('formBatch', () => {
    it('takes at most maxUsers with all their events, and leaves the rest for the next', async () => {
      await withRig(async (rig) => {
        await rig.accept({ user: 'c', at: 9 }, { user: 'a', at: 1 }, { user: 'b', at: 5 }, { user: 'c', at: 2 })
        const first = await rig.form({ maxUsers: 2 })
        expect(first).toMatchObject({ superseded: 0, attempts: 0, createdAt: START, parentId: undefined })
        const second = await rig.form({ maxUsers: 2 })
        const users = [first, second].map(({ entries }) => entries.map(({ identifier }) => identifier))
        expect(users.map(({ length }) => length)).toEqual([2, 1])
        expect(users.flat().sort()).toEqual(['a', 'b', 'c'])
        expect(first.events + second.events).toBe(4)
        expect(await rig.tryForm()).toEqual({ kind: 'nothing' })
        expect(await rig.counts()).toEqual({ sending: 4 })
      })
    })

    it("has everybody's turn come within one round, however often the same users come back", async () => {
      await withRig(async (rig) => {
        const users = Array.from({ length: 60 }, (_, index) => `user-${index}`)
        await rig.accept(...users.map((user) => ({ user })))
        const served: string[] = []
        for (let batch = 0; batch < 6; batch++) {
          const { entries, ...formed } = await rig.form({ maxUsers: 10 })
          await rig.deliver({ entries, ...formed })
          served.push(...entries.map(({ identifier }) => identifier))
          await rig.accept(...entries.map(({ identifier }) => ({ user: identifier })))
        }
        expect(served.sort()).toEqual(users.sort())
      })
    })

    it('merges the events of one user into one entry, the newest value of each property', async () => {
      await withRig(async (rig) => {
        await rig.accept(
          { id: 'new', at: 30, properties: { plan: 'pro', seats: 3 } },
          { id: 'old', at: 10, properties: { plan: 'free', name: 'Ann' } },
          { id: 'gone', at: 20, properties: { plan: 'trial' } },
          { user: 'v', properties: { plan: 'x' } }
        )
        const batch = await rig.form()
        expect(usersOf(batch.entries)).toEqual({ u: { plan: 'pro', seats: 3, name: 'Ann' }, v: { plan: 'x' } })
        expect(batch).toMatchObject({ events: 4, superseded: 1 })
        await rig.deliver(batch)
        expect(await rig.counts()).toEqual({ delivered: 3, superseded: 1 })
        expect(await rig.overtakerOf('gone')).toBe('new')
      })
    })

    it('decides between equal times by the order of arrival', async () => {
      await withRig(async (rig) => {
        await rig.accept({ id: 'first', at: 5, properties: { a: 1, b: 1 } })
        await rig.accept({ id: 'second', at: 5, properties: { a: 2, b: 2 } })
        const batch = await rig.form()
        expect(usersOf(batch.entries)).toEqual({ u: { a: 2, b: 2 } })
        await rig.deliver(batch)
        expect(await rig.overtakerOf('first')).toBe('second')
      })
    })

    it('keeps names apart that objects have by nature', async () => {
      await withRig(async (rig) => {
        await rig.accept(
          { properties: { constructor: 1, toString: 'x' } },
          { properties: { constructor: 2, 7: 'seven' } }
        )
        expect(usersOf((await rig.form()).entries)).toEqual({ u: { constructor: 2, toString: 'x', 7: 'seven' } })
      })
    })

    it('fills a batch up to maxBodyBytes and no further', async () => {
      await withRig(async (rig) => {
        await rig.accept(sized('a', 500), sized('b', 500), sized('c', 500))
        const options = { maxBodyBytes: 1000 + BODY_FRAME_BYTES }
        expect((await rig.form(options)).entries).toHaveLength(2)
        expect((await rig.form(options)).entries).toHaveLength(1)
        expect(await rig.tryForm(options)).toEqual({ kind: 'nothing' })
      })
    })

    it('leaves a user that does not fit for the next batch', async () => {
      await withRig(async (rig) => {
        await rig.accept(sized('a', 500), sized('b', 501), sized('c', 501))
        const options = { maxBodyBytes: 1000 + BODY_FRAME_BYTES }
        const batches = [await rig.form(options), await rig.form(options), await rig.form(options)]
        const users = batches.map(({ entries }) => entries.map(({ identifier }) => identifier))
        expect(users.map(({ length }) => length)).toEqual([1, 1, 1])
        expect(users.flat().sort()).toEqual(['a', 'b', 'c'])
      })
    })

    it('measures a user as the body of the API that it is for', async () => {
      await withRig(async (rig) => {
        const user = { identifier: 'a', properties: '{}' }
        const [bulk, batch] = [entryBytes('bulk', user), entryBytes('batch', user)]
        expect(bulk).not.toBe(batch)
        await rig.accept({ user: 'a' })
        expect((await rig.tryForm({ api: 'batch', maxBodyBytes: batch - 1 + BODY_FRAME_BYTES })).kind).toBe('too-large')
        await rig.accept({ user: 'a' })
        expect((await rig.tryForm({ api: 'batch', maxBodyBytes: batch + BODY_FRAME_BYTES })).kind).toBe('formed')
      })
    })

    it('fails an event that alone is larger than a call may be, and goes on with the others', async () => {
      await withRig(async (rig) => {
        const [large, fits, late] = [sized('large', 1001), sized('fits', 1000), sized('late', 1000)]
        await rig.accept({ id: 'large', ...large }, { id: 'fits', ...fits }, { id: 'late', ...late })
        await rig.accept({ id: 'large too', user: 'large' })
        const options = { maxBodyBytes: 1000 + BODY_FRAME_BYTES, now: START + 77 }
        const formed = [await rig.tryForm(options), await rig.tryForm(options), await rig.tryForm(options)]
        formed.push(await rig.tryForm(options))
        const refused = formed.filter(({ kind }) => kind === 'too-large')
        expect(refused).toEqual([{ kind: 'too-large', batchId: expect.any(Number) as unknown, events: 1 }])
        const passed = formed.flatMap((one) => (one.kind === 'formed' ? one.batch.entries : []))
        expect(passed.map(({ identifier }) => identifier).sort()).toEqual(['fits', 'large', 'late'])
        expect([await rig.stateOf('large'), await rig.stateOf('large too')]).toEqual(['failed', 'sending'])

        const [id] = refused.map((one) => (one.kind === 'too-large' ? one.batchId : 0))
        expect((await rig.store.getBatch(id ?? 0))?.batch).toMatchObject({
          state: 'failed',
          users: 1,
          events: 1,
          settledAt: START + 77,
          lastStatus: undefined,
          lastCode: 'user_too_large',
          lastError: 'the user is 1002 bytes, more than the 1001 that a call may have: nothing was sent'
        })
      })
    })

    it('takes the oldest events of a user that fit into a call, where all of them do not', async () => {
      await withRig(async (rig) => {
        for (let n = 0; n < 5; n++) {
          await rig.accept({ id: `m${n}`, user: 'a', at: 5 - n, properties: { [`p${n}`]: 'x'.repeat(400) } })
        }
        const options = { maxBodyBytes: 1000 + BODY_FRAME_BYTES }
        const sent: string[][] = []
        for (let call = 0; call < 5; call++) {
          const formed = await rig.tryForm(options)
          if (formed.kind !== 'formed') break
          const [{ properties = '{}' } = {}] = formed.batch.entries
          sent.push(Object.keys(JSON.parse(properties) as object).sort())
          // They wait for the call with the older ones.
          expect(await rig.tryForm(options)).toEqual({ kind: 'nothing' })
          await rig.deliver(formed.batch)
        }
        expect(sent).toEqual([['p3', 'p4'], ['p2'], ['p0', 'p1']])
      })
    })

    it('names no property value when it says that a user is too large', async () => {
      await withRig(async (rig) => {
        await rig.accept({ properties: { bio: 'secretive'.repeat(200) } })
        await rig.tryForm({ maxBodyBytes: 1000 + BODY_FRAME_BYTES })
        expect(JSON.stringify((await rig.store.books()).lastErrors)).not.toContain('secretive')
      })
    })

    it('waits for more users until the oldest event has waited enough', async () => {
      await withRig(async (rig) => {
        await rig.accept({ user: 'a', arrived: 50 }, { user: 'b', arrived: 10 })
        const now = START + 60
        expect(await rig.tryForm({ now, flushBefore: START + 49 })).toEqual({
          ...{ kind: 'waiting', until: now + 1 },
          lacking: 98
        })
        expect((await rig.form({ now, flushBefore: START + 50 })).entries).toHaveLength(2)
      })
    })

    it('does not wait when the batch is full', async () => {
      await withRig(async (rig) => {
        await rig.accept({ user: 'a' }, { user: 'b' }, { user: 'b' })
        expect((await rig.tryForm({ maxUsers: 3, flushBefore: 0 })).kind).toBe('waiting')
        expect((await rig.form({ maxUsers: 2, flushBefore: 0 })).entries).toHaveLength(2)
      })
    })

    it('lets newer events of a user wait while a call with it is in flight or to be retried', async () => {
      await withRig(async (rig) => {
        await rig.accept({ user: 'a', properties: { n: 1 } }, { user: 'b' })
        const first = await rig.form()
        await rig.accept({ user: 'a', properties: { n: 2 } }, { user: 'c' })
        expect(usersOf((await rig.form()).entries)).toEqual({ c: {} })
        expect(await rig.tryForm()).toEqual({ kind: 'nothing' })
        await rig.retry(first, START + 9)
        expect(await rig.tryForm()).toEqual({ kind: 'nothing' })
        expect(await rig.counts()).toEqual({ retrying: 2, sending: 1, pending: 1 })

        const again = await rig.claim()
        expect(await rig.tryForm()).toEqual({ kind: 'nothing' })
        await rig.deliver(again ?? first)
        expect(usersOf((await rig.form()).entries)).toEqual({ a: { n: 2 } })
      })
    })

    it('lets a failed user go on with its newer events', async () => {
      await withRig(async (rig) => {
        await rig.accept({ properties: { n: 1 } })
        const first = await rig.form()
        await rig.accept({ properties: { n: 2 } })
        await rig.fail(first)
        expect(usersOf((await rig.form()).entries)).toEqual({ u: { n: 2 } })
      })
    })

    it('looks past any number of events that wait for their user', async () => {
      await withRig(async (rig) => {
        await rig.accept({ user: 'busy' })
        await rig.form()
        await rig.accept(...Array.from({ length: 1200 }, () => ({ user: 'busy' })), { user: 'free' })
        expect(usersOf((await rig.form()).entries)).toEqual({ free: {} })
      })
    })

    it('takes users with all their events, though these are more than are read at a time', async () => {
      await withRig(async (rig) => {
        const users = Array.from({ length: 60 }, (_, index) => `user-${index}`)
        const rounds = Array.from({ length: 20 }, (_, n) => users.map((user) => ({ user, properties: { n } })))
        await rig.accept(...rounds.flat())
        const batch = await rig.form()
        expect(batch).toMatchObject({ events: 1200, superseded: 1140 })
        expect(usersOf(batch.entries)).toEqual(Object.fromEntries(users.map((user) => [user, { n: 19 }])))
        expect(await rig.tryForm()).toEqual({ kind: 'nothing' })
      })
    })

    it('ends with the newest value for a user with thousands of events, however many batches that takes', async () => {
      await withRig(async (rig) => {
        const times = Array.from({ length: 2500 }, (_, index) => (index * 7919) % 2500)
        await rig.accept(...times.map((at) => ({ at, properties: { at, [`k${at % 3}`]: at } })))
        let held: Record<string, unknown> = {}
        let batches = 0
        for (let formed = await rig.tryForm(); formed.kind === 'formed'; formed = await rig.tryForm()) {
          held = { ...held, ...usersOf(formed.batch.entries).u }
          await rig.deliver(formed.batch)
          batches++
        }
        // Not all at once: what one batch takes into memory is bounded.
        expect(batches).toBeGreaterThan(1)
        expect(held).toEqual({ at: 2499, k0: 2499, k1: 2497, k2: 2498 })
        expect((await rig.store.books()).events).toMatchObject({ pending: 0, sending: 0, failed: 0 })
      })
    })

    it('never puts one user into two batches that are formed at the same time', async () => {
      await withRig(async (rig) => {
        await rig.accept(...Array.from({ length: 1500 }, () => ({ properties: { a: 1 } })))
        const formed = await Promise.all([rig.store.formBatch(formOptions()), rig.store.formBatch(formOptions())])
        expect(formed.map(({ kind }) => kind)).toEqual(['formed', 'nothing'])
        await rig.audit()
      })
    })

    it('is refused, with every other step of sending, to a handle that is not the sender', async () => {
      await openStore(async (open) => {
        const store = await open()
        const refusal = { name: 'StoreError', code: 'in-use' }
        await expect(store.formBatch(formOptions())).rejects.toMatchObject(refusal)
        await expect(store.claimRetry(START, START)).rejects.toMatchObject(refusal)
        const call = { at: START, status: 200, code: undefined, error: undefined }
        await expect(store.settle(1, { to: 'delivered', call })).rejects.toMatchObject(refusal)
      })
    })
  })
}
