import fc from 'fast-check'
import { join } from 'node:path'
import { textKey } from '../../src/store/keys.js'
import { SqliteStore } from '../../src/store/sqlite-store.js'
import { withTempDir } from '../helpers/temp-dir.js'
import { START } from './new-events.js'
import { StoreRig, usersOf } from './store-rig.js'

/** Different texts with one key. A 52-bit hash that anybody can compute yields such pairs in seconds. */
const USERS = ['user-2-棏錐', 'user-2-軎梇'] as const
const MESSAGES = ['message-2-殸麜', 'message-2-躹眳'] as const

async function withRig(use: (rig: StoreRig) => Promise<void>): Promise<void> {
  await withTempDir(async (dir) => {
    const open = (): SqliteStore => SqliteStore.open(join(dir, 'store.db'))
    const rig = new StoreRig(open(), open)
    await rig.store.resume(START)
    try {
      await use(rig)
    } finally {
      await rig.store.close()
    }
  })
}

describe('textKey', () => {
  it('is an exact integer of 52 bits for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const key = textKey(text)
        expect(Number.isSafeInteger(key)).toBe(true)
        expect(key).toBeGreaterThanOrEqual(0)
        expect(key).toBeLessThan(2 ** 52)
      })
    )
  })

  it('never changes: stores hold it', () => {
    expect(['', 'user-1', 'ünï', USERS[0]].map(textKey)).toEqual([
      2661349207159580, 2871677084003546, 4154841782851579, 668288156622157
    ])
  })

  it('differs for a million identifiers as people number them', () => {
    const keys = new Set<number>()
    for (let n = 0; n < 1_000_000; n++) keys.add(textKey(`user-${n}`))
    expect(keys.size).toBe(1_000_000)
  })
})

describe('texts that share a key', () => {
  it('are found for these tests', () => {
    expect(textKey(USERS[0])).toBe(textKey(USERS[1]))
    expect(textKey(MESSAGES[0])).toBe(textKey(MESSAGES[1]))
  })

  it('are two users of a call, and no more than it may have', async () => {
    await withRig(async (rig) => {
      await rig.accept(...USERS.map((user) => ({ user })))
      expect((await rig.form({ maxUsers: 1 })).entries).toHaveLength(1)
    })
  })

  it('are different messages', async () => {
    await withRig(async (rig) => {
      expect(await rig.accept(...MESSAGES.map((id) => ({ id })))).toMatchObject({ accepted: 2, duplicates: 0 })
      expect(await rig.accept(...MESSAGES.map((id) => ({ id })))).toMatchObject({ accepted: 0, duplicates: 2 })
      for (const id of MESSAGES) expect((await rig.store.getEvent(id))?.messageId).toBe(id)
    })
  })

  it('are different users, whose values stay apart', async () => {
    await withRig(async (rig) => {
      const [one, other] = USERS
      await rig.accept({ user: one, at: 20, properties: { a: 1 } }, { user: other, at: 10, properties: { a: 2 } })
      const batch = await rig.form()
      expect(usersOf(batch.entries)).toEqual({ [one]: { a: 1 }, [other]: { a: 2 } })
      await rig.deliver(batch)
      await rig.accept({ user: other, at: 15, properties: { a: 3 } })
      expect(usersOf((await rig.form()).entries)).toEqual({ [other]: { a: 3 } })
      expect((await rig.store.eventsOfUser(one, 9)).total).toBe(1)
    })
  })

  it('are replayed apart', async () => {
    await withRig(async (rig) => {
      await rig.accept({ user: USERS[0] }, { user: USERS[1] })
      await rig.fail(await rig.form())
      expect(await rig.replay({ identifier: USERS[1] })).toEqual({ batches: 1, events: 1, users: 1 })
      expect(usersOf((await rig.form()).entries)).toEqual({ [USERS[1]]: {} })
      expect((await rig.store.listBatches({ state: 'failed', limit: 1 }))[0]).toMatchObject({ users: 1, events: 1 })
    })
  })

  it('never make a batch of more users than asked for, nor one that goes round in circles', async () => {
    await withRig(async (rig) => {
      await rig.accept({ user: USERS[0] }, { user: USERS[1] })
      const first = await rig.form({ maxUsers: 1 })
      expect(first.entries).toHaveLength(1)
      await rig.deliver(first)
      expect((await rig.form({ maxUsers: 1 })).entries).toHaveLength(1)
    })
  })

  it('are busy as long as either is, after a split between them too', async () => {
    await withRig(async (rig) => {
      await rig.accept({ user: USERS[0] }, { user: USERS[1] })
      await rig.split(await rig.form())
      await rig.accept({ user: USERS[1], properties: { newer: true } })
      const half = await rig.claim()
      if (half !== undefined) await rig.deliver(half)
      // The other half is still waiting: its user must not be in two calls.
      expect((await rig.tryForm()).kind).toBe('nothing')
    })
  })
})
