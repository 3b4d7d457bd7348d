import { START } from '../new-events.js'
import { rigged, usersOf, type OpenStore, type StoreRig } from '../store-rig.js'

const users = (...names: string[]): Array<{ user: string; properties: Record<string, unknown> }> =>
  names.map((user) => ({ user, properties: { is: user } }))

/** Forms a batch of one new user each and lets it wait until `at`, ms after START; returns the batch ids. */
async function waiting(rig: StoreRig, ...times: number[]): Promise<number[]> {
  const ids: number[] = []
  for (const at of times) {
    await rig.accept({ user: `user of ${ids.length}` })
    const batch = await rig.form()
    await rig.retry(batch, START + at)
    ids.push(batch.id)
  }
  return ids
}

/** What becomes of a batch: laws 2, 4 and 6 and the store's part of 8. */
export function describeSettling(openStore: OpenStore): void {
  const withRig = rigged(openStore)

  describe('settle', () => {
    it('records a delivery', async () => {
      await withRig(async (rig) => {
        await rig.accept(...users('a', 'b'))
        const batch = await rig.form({ now: START + 1 })
        await rig.deliver(batch, { at: START + 5, status: 202 })
        expect((await rig.store.getBatch(batch.id))?.batch).toEqual({
          id: batch.id,
          state: 'delivered',
          parentId: undefined,
          subject: 'user',
          users: 2,
          events: 2,
          superseded: 0,
          attempts: 1,
          createdAt: START + 1,
          nextAttemptAt: undefined,
          settledAt: START + 5,
          lastAttemptAt: START + 5,
          lastStatus: 202,
          lastCode: undefined,
          lastError: undefined
        })
      })
    })

    it("records a failure with Dopt's own words", async () => {
      await withRig(async (rig) => {
        await rig.accept({})
        const batch = await rig.form()
        await rig.fail(batch, { at: START + 5, status: 422, code: 'invalid', error: 'not so' })
        expect((await rig.store.getBatch(batch.id))?.batch).toMatchObject({
          state: 'failed',
          attempts: 1,
          settledAt: START + 5,
          lastStatus: 422,
          lastCode: 'invalid',
          lastError: 'not so'
        })
        expect(await rig.counts()).toEqual({ failed: 1 })
      })
    })

    it('counts the attempts of a batch that is tried again, but not where a refused key was the reason', async () => {
      await withRig(async (rig) => {
        await rig.accept({})
        let batch = await rig.form({ now: START + 3 })
        for (const countAttempt of [true, false, true]) {
          await rig.retry(batch, START, { countAttempt })
          batch = (await rig.claim()) ?? batch
        }
        expect(batch).toMatchObject({ attempts: 2, createdAt: START + 3, events: 1 })
        await rig.deliver(batch)
        expect((await rig.store.getBatch(batch.id))?.batch).toMatchObject({ attempts: 3, nextAttemptAt: undefined })
      })
    })

    it('holds what it says about a batch that waits', async () => {
      await withRig(async (rig) => {
        await rig.accept({})
        const batch = await rig.form()
        await rig.retry(batch, START + 900)
        expect((await rig.store.getBatch(batch.id))?.batch).toMatchObject({
          state: 'retrying',
          nextAttemptAt: START + 900,
          settledAt: undefined,
          lastStatus: 503,
          lastError: 'down'
        })
        expect(await rig.store.nextRetryAt()).toBe(START + 900)
      })
    })
  })

  describe('claimRetry', () => {
    it('takes batches in the order in which they are due, and of equals the older one', async () => {
      await withRig(async (rig) => {
        const [third, first, , second] = await waiting(rig, 30, 10, 99, 10)
        const claimed = [await rig.claim(START + 30), await rig.claim(START + 30), await rig.claim(START + 30)]
        expect(claimed.map((batch) => batch?.id)).toEqual([first, second, third])
        expect(await rig.claim(START + 30)).toBeUndefined()
        expect(await rig.counts()).toEqual({ sending: 3, retrying: 1 })
      })
    })

    it('takes nothing before its time', async () => {
      await withRig(async (rig) => {
        await waiting(rig, 100)
        expect(await rig.claim(START + 99)).toBeUndefined()
        expect(await rig.claim(START + 100)).toBeDefined()
      })
    })

    it('never gives one batch to two who ask at the same time', async () => {
      await withRig(async (rig) => {
        const ids = await waiting(rig, 1, 2)
        const claimed = await Promise.all([1, 2, 3].map(() => rig.store.claimRetry(START + 9, START)))
        expect(claimed.map((batch) => batch?.id)).toEqual([...ids, undefined])
      })
    })

    it('gives back the batch as it was: same users in the same order, same values', async () => {
      await withRig(async (rig) => {
        await rig.accept(...users('c', 'a', 'b'), { user: 'a', at: 1, properties: { is: 'older', x: 1 } })
        const batch = await rig.form()
        await rig.retry(batch, START)
        expect(await rig.claim()).toEqual({ ...batch, attempts: 1 })
      })
    })
  })

  describe('a batch that is split', () => {
    it('becomes two waiting halves in its order, with its age, due at once; it holds nothing itself any more', async () => {
      await withRig(async (rig) => {
        await rig.accept(...users('a', 'b', 'c'), { user: 'a', at: 1, properties: { old: true } })
        const batch = await rig.form({ now: START + 3 })
        const halves = await rig.split(batch, { at: START + 8, status: 413, error: 'too large' })
        expect(halves).toHaveLength(2)
        expect((await rig.store.getBatch(batch.id))?.batch).toMatchObject({
          state: 'split',
          events: 0,
          attempts: 1,
          settledAt: START + 8,
          lastStatus: 413,
          lastError: 'too large'
        })
        expect(await rig.claim(START + 7)).toBeUndefined()
        const [first, second] = [await rig.claim(START + 8), await rig.claim(START + 8)]
        expect([first?.id, second?.id]).toEqual(halves)
        for (const half of [first, second]) {
          expect(half).toMatchObject({ parentId: batch.id, createdAt: START + 3, attempts: 0 })
        }
        expect([first?.entries, second?.entries]).toEqual([batch.entries.slice(0, 2), batch.entries.slice(2)])
        expect(Number(first?.events) + Number(second?.events)).toBe(4)
        expect(usersOf(batch.entries)).toEqual({ a: { is: 'a', old: true }, b: { is: 'b' }, c: { is: 'c' } })
      })
    })

    it('keeps all of its users busy until each one is settled', async () => {
      await withRig(async (rig) => {
        await rig.accept(...users('a', 'b'))
        await rig.split(await rig.form())
        await rig.accept(...users('a', 'b'))
        expect(await rig.tryForm()).toEqual({ kind: 'nothing' })
        const first = await rig.claim()
        if (first !== undefined) await rig.deliver(first)
        expect(usersOf((await rig.form()).entries)).toEqual({ a: { is: 'a' } })
        expect(await rig.tryForm()).toEqual({ kind: 'nothing' })
      })
    })

    it('leaves the offender alone in the end and delivers everybody else, through as many generations as that takes', async () => {
      await withRig(async (rig) => {
        const names = Array.from({ length: 100 }, (_, index) => `u${index}`)
        await rig.accept(...users(...names))
        const delivered: string[] = []
        let calls = 0
        for (let batch = await rig.form(), next: typeof batch | undefined = batch; next; next = await rig.claim()) {
          batch = next
          calls++
          const named = batch.entries.map(({ identifier }) => identifier)
          if (!named.includes('u57')) {
            delivered.push(...named)
            await rig.deliver(batch)
          } else if (named.length > 1) await rig.split(batch)
          else await rig.fail(batch, { error: 'u57 is bad' })
        }
        expect(delivered.sort()).toEqual(names.filter((name) => name !== 'u57').sort())
        expect(calls).toBeLessThanOrEqual(15)
        expect(await rig.counts()).toEqual({ delivered: 99, failed: 1 })
        const [failed] = await rig.store.listBatches({ state: 'failed', limit: 9 })
        expect(failed).toMatchObject({ users: 1, events: 1, lastError: 'u57 is bad', createdAt: START })
      })
    })

    it('plans its halves afresh: what went out superseded stays superseded', async () => {
      await withRig(async (rig) => {
        await rig.accept({ id: 'new', user: 'a', at: 20, properties: { n: 2 } })
        await rig.accept({ id: 'old', user: 'a', at: 10, properties: { n: 1 } }, ...users('b'))
        await rig.split(await rig.form())
        const half = await rig.claim()
        expect(half).toMatchObject({ events: 2, superseded: 1 })
        if (half !== undefined) await rig.deliver(half)
        expect(await rig.overtakerOf('old')).toBe('new')
      })
    })
  })
}
