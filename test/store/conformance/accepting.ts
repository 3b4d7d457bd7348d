import type { Intake, NewRejection } from '../../../src/store/store.js'
import { newEvent, START } from '../new-events.js'
import { rigged, usersOf, type OpenStore } from '../store-rig.js'

function rejection(parts: Partial<NewRejection> = {}): NewRejection {
  return { source: 'events.ndjson:7', reason: 'not JSON', raw: '{"a":', complete: true, receivedAt: START, ...parts }
}

function intake(parts: Partial<Intake> = {}): Intake {
  return { events: [], rejections: [], ignored: {}, ...parts }
}

/** Laws 2 and 3: what becomes of what comes in. */
export function describeAccepting(openStore: OpenStore): void {
  const withRig = rigged(openStore)

  describe('accept', () => {
    it('stores events as they are and numbers them in the order of their arrival', async () => {
      await withRig(async ({ store }) => {
        const events = [newEvent({ id: 'a', at: 7, arrived: 9, properties: { plan: 'pro' } }), newEvent({ id: 'b' })]
        const { accepted, duplicates, range } = await store.accept(intake({ events }))
        expect({ accepted, duplicates }).toEqual({ accepted: 2, duplicates: 0 })
        expect(range).toEqual({ first: expect.any(Number) as unknown, last: Number(range?.first) + 1 })
        expect(await store.getEvent('a')).toEqual({
          ...events[0],
          seq: range?.first,
          subject: 'user',
          groups: [],
          turn: 'now',
          state: 'pending',
          batchId: undefined,
          supersededBy: undefined
        })
      })
    })

    it('gives events that come later higher numbers', async () => {
      await withRig(async (rig) => {
        const first = await rig.accept({ at: 9 }, { at: 8 })
        const second = await rig.accept({ at: 1 })
        expect(Number(second.range?.first)).toBeGreaterThan(Number(first.range?.last))
      })
    })

    it('takes nothing at all without complaint', async () => {
      await withRig(async (rig) => {
        expect(await rig.accept()).toEqual({ accepted: 0, duplicates: 0, range: undefined })
      })
    })

    it('counts a message that comes twice in one intake once, the first time', async () => {
      await withRig(async (rig) => {
        const receipt = await rig.accept(
          { id: 'x', properties: { a: 1 } },
          { id: 'y', user: 'v' },
          { id: 'x', properties: { a: 2 } }
        )
        expect(receipt).toMatchObject({ accepted: 2, duplicates: 1 })
        expect((await rig.store.getEvent('x'))?.properties).toBe('{"a":1}')
      })
    })

    it('knows a message again in a later intake, whatever it holds and whoever it is about', async () => {
      await withRig(async (rig) => {
        await rig.accept({ id: 'x', user: 'u' })
        expect(await rig.accept({ id: 'x', user: 'v' })).toEqual({ accepted: 0, duplicates: 1, range: undefined })
        expect(await rig.accept({ id: 'x' }, { id: 'y' })).toMatchObject({ accepted: 1, duplicates: 1 })
        expect((await rig.store.books()).intake).toMatchObject({ received: 4, accepted: 2, duplicates: 2 })
      })
    })

    it('knows a message again in every state that its event can be in, and after a restart', async () => {
      await withRig(async (rig) => {
        await rig.acceptAndDeliver({ id: 'delivered', user: 'a', at: 5, properties: { p: 1 } })
        await rig.accept({ id: 'superseded', user: 'a', at: 4, properties: { p: 0 } })
        await rig.tryForm()
        await rig.accept({ id: 'failed', user: 'b' })
        await rig.fail(await rig.form())
        await rig.accept({ id: 'retrying', user: 'c' })
        await rig.retry(await rig.form(), START)
        await rig.accept({ id: 'sending', user: 'd' })
        await rig.form()
        await rig.accept({ id: 'pending', user: 'e' })
        const ids = ['delivered', 'superseded', 'failed', 'retrying', 'sending', 'pending']
        expect(await Promise.all(ids.map((id) => rig.stateOf(id)))).toEqual(ids)

        const again = ids.map((id) => ({ id, user: 'z' }))
        expect(await rig.accept(...again)).toMatchObject({ accepted: 0, duplicates: 6 })
        await rig.reopen()
        expect(await rig.accept(...again)).toMatchObject({ accepted: 0, duplicates: 6 })
      })
    })

    it('stores a message once when intakes that carry it come at the same time', async () => {
      await withRig(async (rig) => {
        const receipts = await Promise.all(
          [1, 2, 3, 4].map(() => rig.store.accept(intake({ events: [newEvent({ id: 'x' })] })))
        )
        expect(receipts.map(({ accepted }) => accepted).sort()).toEqual([0, 0, 0, 1])
        await rig.audit()
      })
    })

    it('gives intakes that come at the same time ranges that do not overlap', async () => {
      await withRig(async (rig) => {
        const many = Array.from({ length: 10 }, () => rig.store.accept(intake({ events: [newEvent(), newEvent()] })))
        const ranges = (await Promise.all(many)).map(({ range }) => range)
        const numbers = ranges.flatMap((range) => [range?.first, range?.last])
        expect(new Set(numbers).size).toBe(20)
      })
    })

    it.each([
      ['a NUL', 'a\0b', 'a'],
      ['an accent written in two ways', 'caf\u00e9', 'cafe\u0301'],
      ['an astral character', '😀', '😁'],
      ['length', 'x'.repeat(5000), 'x'.repeat(5001)],
      ['white space', ' u', 'u'],
      ['case', 'U', 'u']
    ])('tells texts apart that differ in %s', async (_what, one, other) => {
      await withRig(async (rig) => {
        await rig.accept({ id: one, user: one, properties: { is: 'one' } })
        expect(await rig.accept({ id: other, user: other, properties: { is: 'other' } })).toMatchObject({ accepted: 1 })
        const { entries } = await rig.form()
        expect(entries.map(({ identifier }) => identifier).sort()).toEqual([one, other].sort())
        expect((await rig.store.getEvent(one))?.identifier).toBe(one)
        expect((await rig.store.eventsOfUser(other, 5)).events.map(({ messageId }) => messageId)).toEqual([other])
      })
    })

    it.each([
      ['halves', '\ud83d', '\ud83c'],
      ['a half and its replacement', '\ud83d', '\ufffd']
    ])('names no user twice in a call, even where identifiers are %s of surrogate pairs', async (_what, one, other) => {
      await withRig(async (rig) => {
        await rig.accept({ user: one, properties: { is: 'one' } }, { user: other, properties: { is: 'other' } })
        const { entries } = await rig.form()
        for (const identifier of Object.keys(usersOf(entries))) {
          expect((await rig.store.eventsOfUser(identifier, 5)).total).toBeGreaterThan(0)
        }
      })
    })

    it('counts what was ignored, by reason', async () => {
      await withRig(async ({ store }) => {
        await store.accept(intake({ ignored: { type: 2, integrations: 1 } }))
        await store.accept(intake({ ignored: { type: 3 } }))
        expect((await store.books()).intake).toMatchObject({ received: 6, ignored: { type: 5, integrations: 1 } })
      })
    })
  })

  describe('a try to write', () => {
    it('changes nothing that anybody reads', async () => {
      await withRig(async (rig) => {
        await rig.accept({ id: 'a' })
        const before = await rig.store.books()
        await rig.store.tryToWrite()
        await rig.store.tryToWrite()
        expect(await rig.store.books()).toEqual({ ...before, bytes: expect.any(Number) as number })
        await rig.audit()
      })
    })
  })

  describe('rejections', () => {
    it('are kept as they came, oldest first, and can be read in pages', async () => {
      await withRig(async ({ store }) => {
        const kept = [rejection({ raw: '1' }), rejection({ raw: '2', complete: false }), rejection({ raw: '3' })]
        await store.accept(intake({ rejections: kept }))
        const page = await store.rejections(0, 2)
        expect(page).toMatchObject(kept.slice(0, 2))
        expect(await store.rejections(Number(page[1]?.id), 2)).toMatchObject([{ raw: '3', complete: true }])
        expect(await store.rejections(Number.MAX_SAFE_INTEGER, 2)).toEqual([])
      })
    })

    it('are read a few at a time if they are large', async () => {
      await withRig(async ({ store }) => {
        const large = ['1', '2', '3'].map((raw) => rejection({ raw: raw.repeat(3 * 1024 * 1024) }))
        await store.accept(intake({ rejections: large }))
        const first = await store.rejections(0, 9)
        expect(first).toHaveLength(2)
        expect(await store.rejections(Number(first[1]?.id), 9)).toHaveLength(1)
      })
    })

    it('are kept once for each content and reason, and counted each time they come', async () => {
      await withRig(async ({ store }) => {
        await store.accept(intake({ rejections: [rejection(), rejection({ source: 'other.ndjson:1' })] }))
        const [first] = await store.rejections(0, 9)
        await store.accept(
          intake({ rejections: [rejection(), rejection({ reason: 'other' }), rejection({ raw: 'x' })] })
        )
        const books = await store.books()
        expect(books.rejected).toBe(3)
        expect(books.intake).toMatchObject({ received: 5, rejected: 5 })
        expect(await store.rejections(0, 9)).toMatchObject([{ ...first }, { reason: 'other' }, { raw: 'x' }])
      })
    })

    it('that an intake replaces are gone with its commit', async () => {
      await withRig(async (rig) => {
        const { store } = rig
        await store.accept(intake({ rejections: [rejection({ raw: '1' }), rejection({ raw: '2' })] }))
        const [first] = await store.rejections(0, 1)
        const replacesRejections = [Number(first?.id)]
        await store.accept(intake({ events: [newEvent({ id: 'mended' })], replacesRejections }))
        expect(await store.rejections(0, 9)).toMatchObject([{ raw: '2' }])
        expect(await rig.stateOf('mended')).toBe('pending')
        await rig.audit()
      })
    })

    it('that are replaced by the very same rejection are still there', async () => {
      await withRig(async ({ store }) => {
        await store.accept(intake({ rejections: [rejection()] }))
        const [kept] = await store.rejections(0, 1)
        await store.accept(intake({ rejections: [rejection()], replacesRejections: [Number(kept?.id)] }))
        expect(await store.rejections(0, 9)).toMatchObject([rejection()])
      })
    })
  })
}
