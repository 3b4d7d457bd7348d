import type { OpenBatch } from '../../../src/store/store.js'
import { newEvent, START } from '../new-events.js'
import { formOptions, rigged, usersOf, type OpenStore } from '../store-rig.js'

const GROUPS_OFF = { isSent: false, status: undefined, code: 'groups_need_batch' }

/** Groups stand beside users and are treated alike; a user's memberships are as its properties. */
export function describeGroups(openStore: OpenStore): void {
  const withRig = rigged(openStore)

  describe('groups', () => {
    it('go out alone, each with its newest values', async () => {
      await withRig(async (rig) => {
        await rig.accept(
          { group: 'acme', at: 2, properties: { plan: 'pro' } },
          { group: 'acme', at: 1, properties: { plan: 'free', seats: 3 } },
          { group: 'zeta', properties: { plan: 'free' } }
        )
        const batches = [await rig.form(), await rig.form()]
        expect(await rig.tryForm()).toEqual({ kind: 'nothing' })
        expect(batches.map(({ subject }) => subject)).toEqual(['group', 'group'])
        const sent = Object.assign({}, ...batches.map(({ entries }) => usersOf(entries))) as object
        expect(sent).toEqual({ acme: { plan: 'pro', seats: 3 }, zeta: { plan: 'free' } })
        expect(batches.map(({ entries }) => entries.length)).toEqual([1, 1])
      })
    })

    it('share their turns with users, and wait for nobody to fill their batch', async () => {
      await withRig(async (rig) => {
        const names = ['1', '2', '3', '4']
        await rig.accept(...names.flatMap((name) => [{ user: `u${name}` }, { group: `g${name}` }]))
        const subjects: string[] = []
        for (let turn = 0; turn < 4; turn++) subjects.push((await rig.form({ maxUsers: 2 })).subject)
        expect(subjects).toEqual(['user', 'group', 'user', 'group'])
        await rig.accept({ user: 'late', at: 50 })
        const waits = { now: START + 50, flushBefore: START }
        expect([(await rig.form(waits)).subject, (await rig.form(waits)).subject]).toEqual(['group', 'group'])
        expect(await rig.tryForm(waits)).toMatchObject({ kind: 'waiting' })
      })
    })

    it('are not taken for users of the same name', async () => {
      await withRig(async (rig) => {
        await rig.acceptAndDeliver({ id: 'user', user: 'acme', at: 9, properties: { plan: 'user' } })
        await rig.accept({ id: 'group', group: 'acme', at: 1, properties: { plan: 'group' } })
        const batch = await rig.form()
        expect([batch.subject, usersOf(batch.entries)]).toEqual(['group', { acme: { plan: 'group' } }])
        await rig.fail(batch)
        expect(await rig.replay({ identifier: 'acme' })).toMatchObject({ events: 0, users: 0 })
        const selection = { identifier: 'acme', subject: 'group' } as const
        expect(await rig.store.countReplay(selection)).toMatchObject({ events: 1, users: 0, groups: 1 })
        expect(await rig.store.countReplay({})).toMatchObject({ events: 1, users: 0, groups: 1 })
        const ids = async (subject?: 'group'): Promise<string[]> =>
          (await rig.store.eventsOfUser('acme', 9, subject)).events.map(({ messageId }) => messageId)
        expect([await ids(), await ids('group')]).toEqual([['user'], ['group']])
      })
    })

    it('are not taken for users of the same name when retention has removed what was delivered', async () => {
      await withRig(async (rig) => {
        await rig.acceptAndDeliver({ group: 'acme', at: 9, properties: { plan: 'group' } })
        while ((await rig.store.pruneStep({ deliveredBefore: START + 1 })).more);
        const events = [
          newEvent({ id: 'user', user: 'acme', at: 1, properties: { plan: 'user' } }),
          newEvent({ id: 'old', group: 'acme', at: 1, properties: { plan: 'old' } })
        ]
        await rig.store.accept({ events, rejections: [], ignored: {} })
        const formed = [await rig.store.formBatch(formOptions()), await rig.store.formBatch(formOptions())]
        expect(formed.map(({ kind }) => kind).sort()).toEqual(['formed', 'superseded'])
        expect([await rig.stateOf('user'), await rig.stateOf('old')]).toEqual(['sending', 'superseded'])
      })
    })

    it('are never in two open batches, while others go on', async () => {
      await withRig(async (rig) => {
        await rig.accept({ group: 'acme' })
        const first = await rig.form()
        await rig.accept({ group: 'acme' }, { user: 'acme' })
        expect((await rig.form()).subject).toBe('user')
        expect(await rig.tryForm()).toEqual({ kind: 'nothing' })
        await rig.retry(first, START)
        expect(await rig.tryForm()).toEqual({ kind: 'nothing' })
        await rig.reopen()
        expect(await rig.tryForm()).toEqual({ kind: 'nothing' })
        const claimed: OpenBatch[] = []
        for (let batch = await rig.claim(); batch !== undefined; batch = await rig.claim()) claimed.push(batch)
        expect(claimed.map(({ subject }) => subject).sort()).toEqual(['group', 'user'])
        for (const batch of claimed) await rig.deliver(batch)
        expect((await rig.form()).subject).toBe('group')
      })
    })

    it('that are too large for a call fail in words of their own', async () => {
      await withRig(async (rig) => {
        await rig.accept({ group: 'acme', properties: { pad: 'x'.repeat(500) } }, { user: 'u' })
        expect((await rig.form({ maxBodyBytes: 200 })).subject).toBe('user')
        const formed = await rig.tryForm({ maxBodyBytes: 200 })
        if (formed.kind !== 'too-large') throw new Error(formed.kind)
        const found = await rig.store.getBatch(formed.batchId)
        expect(found?.batch).toMatchObject({ lastCode: 'group_too_large' })
        expect(found?.batch.lastError).toMatch(/^the group is \d+ bytes/)
      })
    })
  })

  describe('a membership', () => {
    it('goes out with its user, as all that the event says or beside properties', async () => {
      await withRig(async (rig) => {
        await rig.accept({ user: 'a', groups: ['acme'] })
        await rig.accept({ user: 'b', groups: ['zeta', 'acme', 'zeta'], properties: { plan: 'pro' } }, { user: 'c' })
        const { entries, subject } = await rig.form()
        const none = '{}'
        const entryOf = new Map(entries.map((entry) => [entry.identifier, entry]))
        expect(subject).toBe('user')
        expect(entryOf.get('a')).toEqual({
          ...{ identifier: 'a', properties: none },
          groups: [{ identifier: 'acme', properties: none }]
        })
        expect(entryOf.get('b')).toEqual({
          ...{ identifier: 'b', properties: '{"plan":"pro"}' },
          groups: ['zeta', 'acme'].map((identifier) => ({ identifier, properties: none }))
        })
        expect(entryOf.get('c')).toEqual({ identifier: 'c', properties: none })
      })
    })

    it('is merged with those of other events, and not sent again by older ones', async () => {
      await withRig(async (rig) => {
        await rig.accept(
          { id: 'old', at: 1, groups: ['acme'] },
          { at: 2, groups: ['acme'], properties: { plan: 'pro' } },
          { at: 3, groups: ['zeta'], properties: { plan: 'max' } }
        )
        const batch = await rig.form()
        expect(batch.entries[0]?.groups?.map(({ identifier }) => identifier).sort()).toEqual(['acme', 'zeta'])
        await rig.deliver(batch)
        expect(await rig.stateOf('old')).toBe('superseded')
        await rig.accept({ id: 'older', at: 0, groups: ['zeta'] }, { at: 0, groups: ['new'] })
        const next = await rig.form()
        expect(next.entries).toMatchObject([{ groups: [{ identifier: 'new' }] }])
        await rig.deliver(next)
        expect(await rig.stateOf('older')).toBe('superseded')
      })
    })

    it('is told apart from properties with any name', async () => {
      await withRig(async (rig) => {
        const properties = { '\0gacme': 1, '\0p': 2, '\0': 3, '\0gzeta': true, ['__proto__']: 4, text: '\0g' }
        await rig.accept({ id: 'm', groups: ['\0gacme', '__proto__', 'a"b\\'], properties })
        const { entries } = await rig.form()
        expect(usersOf(entries)).toEqual({ u: properties })
        const groups = ['\0gacme', '__proto__', 'a"b\\']
        expect(entries[0]?.groups?.map(({ identifier }) => identifier)).toEqual(groups)
        const event = await rig.store.getEvent('m')
        expect(event?.groups).toEqual(groups)
        expect(JSON.parse(event?.properties ?? '')).toEqual(properties)
      })
    })

    it('names the group as the group is named', async () => {
      await withRig(async (rig) => {
        await rig.accept({ group: 'half\ud800' }, { groups: ['half\ud800'] })
        const [user, group] = [await rig.form(), await rig.form()]
        expect(user.entries[0]?.groups?.[0]?.identifier).toBe(group.entries[0]?.identifier)
      })
    })
  })

  describe('a call that was never made', () => {
    it('leaves no doubt, and counts as no attempt', async () => {
      await withRig(async (rig) => {
        await rig.accept({ id: 'new', at: 2, groups: ['acme'], properties: { plan: 'new' } })
        const batch = await rig.form()
        await rig.fail(batch, GROUPS_OFF)
        expect((await rig.store.getBatch(batch.id))?.batch).toMatchObject({
          ...{ state: 'failed', attempts: 0, lastCode: 'groups_need_batch' }
        })
        await rig.accept({ at: 1, properties: { plan: 'old' } })
        expect(usersOf((await rig.form()).entries)).toEqual({ u: { plan: 'old' } })
      })
    })
  })
}
