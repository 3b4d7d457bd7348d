import { closeSync, copyFileSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import Database from 'better-sqlite3'
import { StoreError } from '../../src/store/errors.js'
import { SqliteStore } from '../../src/store/sqlite-store.js'
import type { NewEvent } from '../../src/store/store.js'
import { identify, ndjson, STORE, withDesk } from '../cli/desk.js'
import { newEvent } from '../store/new-events.js'

// Real processes, killed at moments of chance on machines that may be busy: once more tells a slow machine from a defect.
jest.retryTimes(1, { logErrorsBeforeRetry: true })

const PAGE_BYTES = 4096

/** A copy of the file with other bytes in one of its pages. */
function damage(file: string, page: number, copy: string): void {
  copyFileSync(file, copy)
  const handle = openSync(copy, 'r+')
  writeSync(handle, Buffer.alloc(PAGE_BYTES, 0xa5), 0, PAGE_BYTES, page * PAGE_BYTES)
  closeSync(handle)
}

/** What the store's own errors are called; whatever else is thrown fails the test. */
async function codeOf(use: () => Promise<unknown>): Promise<string> {
  try {
    await use()
    return 'ok'
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    return error.code
  }
}

/** Reads, accepts and sends all that it can from a store. */
async function useAll(file: string): Promise<string[]> {
  let store: SqliteStore | undefined
  const codes = [await codeOf(async () => (store = SqliteStore.open(file, { mustExist: true })))]
  if (store === undefined) return codes
  const { books, accept, resume, deliver } = usesOf(store)
  for (const use of [books, accept, resume, deliver]) codes.push(await codeOf(use))
  await store.close()
  return codes
}

function usesOf(store: SqliteStore): Record<'books' | 'accept' | 'resume' | 'deliver', () => Promise<unknown>> {
  const event = { messageId: 'one more', identifier: 'u', eventTime: 1, arrivedAt: 1, properties: '{}' }
  const form = { now: 1, maxUsers: 100, maxBodyBytes: 500_000, flushBefore: Number.MAX_SAFE_INTEGER }
  const call = { at: 1, status: 200, code: undefined, error: undefined }
  return {
    books: () => store.books(),
    accept: () => store.accept({ events: [event], rejections: [], ignored: {} }),
    resume: () => store.resume(1),
    deliver: async () => {
      for (;;) {
        const formed = await store.formBatch({ ...form, api: 'bulk' })
        if (formed.kind !== 'formed') return
        await store.settle(formed.batch.id, { to: 'delivered', call })
      }
    }
  }
}

function newEvents(count: number): NewEvent[] {
  return Array.from({ length: count }, (_, number) => newEvent({ id: `m-${number}`, user: `u-${number}` }))
}

describe('a store in which a page has been overwritten', () => {
  it('either works or says that it is damaged, whichever page it is', () =>
    withDesk(async ({ run, path }) => {
      const input = ndjson(Array.from({ length: 400 }, (_, n) => identify(n, { traits: { text: 'x'.repeat(200) } })))
      await run(['forward', '-', '--accept-only'], { input })
      const pages = statSync(path(STORE)).size / PAGE_BYTES
      const seen = new Set<string>()
      for (let page = 0; page < pages; page++) {
        damage(path(STORE), page, path(`damaged-${page}.db`))
        for (const code of await useAll(path(`damaged-${page}.db`))) seen.add(code)
      }
      expect([...seen].sort()).toEqual(['damaged', 'not-a-database', 'ok'])
    }))

  it('costs the users whose events are on it, and stops nobody else', () =>
    withDesk(async ({ run, path }) => {
      const input = ndjson(Array.from({ length: 400 }, (_, n) => identify(n, { traits: { text: 'x'.repeat(200) } })))
      await run(['forward', '-', '--accept-only'], { input })
      const bytes = readFileSync(path(STORE))
      const holdsEvents = (page: number): boolean =>
        bytes.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES).includes('"text":"xxx')
      const pages = Array.from({ length: bytes.length / PAGE_BYTES }, (_, page) => page).filter(holdsEvents)
      damage(path(STORE), pages[Math.floor(pages.length / 2)] ?? 0, path('damaged.db'))

      const store = SqliteStore.open(path('damaged.db'))
      const { accept, resume, deliver } = usesOf(store)
      // At once, so that they share a commit.
      const accepted = Array.from({ length: 3 }, () => codeOf(accept))
      expect(await Promise.all(accepted)).toEqual(['ok', 'ok', 'ok'])
      expect((await store.books()).intake).toMatchObject({ accepted: 401, duplicates: 2 })
      expect(await store.partsOfEvent('one more')).toHaveLength(1)
      await resume()
      const codes: string[] = []
      // Each time it goes on behind the users whom it could not read.
      for (let time = 0; time < 3; time++) codes.push(await codeOf(deliver))
      expect(codes.at(-1)).toBe('damaged')
      const { events } = await store.books()
      expect(events.delivered).toBeGreaterThan(360)
      expect(events.delivered).toBeLessThan(401)
      expect(events.delivered + events.pending).toBe(401)
      await store.close()
    }))

  it('costs the messages whose place in the index is on it, and keeps no others out', () =>
    withDesk(async ({ path }) => {
      const [events, again] = [newEvents(3000), newEvents(3000)]
      const options = { recentEvents: 100, synchronous: 'normal' } as const
      const whole = SqliteStore.open(path(STORE), options)
      for (const one of events.slice(0, 2000)) await whole.accept({ events: [one], rejections: [], ignored: {} })
      await whole.close()
      const db = new Database(path(STORE), { readonly: true })
      const leaf = "select pageno from dbstat where name = 'message_index' and pagetype = 'leaf' limit 1"
      const page = db.prepare(leaf).pluck().get() as number
      db.close()
      damage(path(STORE), page - 1, path('damaged.db'))

      // As one process, and as the next.
      for (const part of [events.slice(2000, 2500), events.slice(2500)]) {
        const store = SqliteStore.open(path('damaged.db'), options)
        const codes: string[] = []
        for (const one of part)
          codes.push(await codeOf(() => store.accept({ events: [one], rejections: [], ignored: {} })))
        expect(codes.filter((code) => code === 'ok').length).toBeGreaterThan(400)
        expect(new Set(codes)).toEqual(new Set(['ok', 'damaged']))
        await store.close()
      }

      const store = SqliteStore.open(path('damaged.db'), options)
      for (const one of again) await codeOf(() => store.accept({ events: [one], rejections: [], ignored: {} }))
      expect((await store.books()).intake.duplicates).toBeGreaterThan(2400)
      await store.close()
      const stored = new Database(path('damaged.db'), { readonly: true })
      const twice = 'select message_id from events group by message_id having count(*) > 1'
      expect(stored.prepare(twice).all()).toEqual([])
      stored.close()
    }))

  it('is told of by the program in one line that says what to do; the file stays for recovery', () =>
    withDesk(async ({ run, path }) => {
      const input = ndjson(Array.from({ length: 400 }, (_, n) => identify(n, { traits: { text: 'x'.repeat(200) } })))
      await run(['forward', '-', '--accept-only'], { input })
      const middle = Math.floor(statSync(path(STORE)).size / PAGE_BYTES / 2)
      damage(path(STORE), middle, path('damaged.db'))
      const { code, stderr } = await run(['forward', '-', '--store', 'damaged.db', '--give-up-after', '1s'])
      expect([1, 2]).toContain(code)
      expect(stderr).toMatch(/^error: damaged\.db is damaged: keep a copy, then recover it with /m)
      expect(stderr).not.toMatch(/unexpected|\n\s+at /)
      // Not emptied, not replaced: what is still readable is still there.
      expect(readFileSync(path('damaged.db')).includes('"text":"xxx')).toBe(true)
    }))
})
