import fs from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { StoreError } from '../../src/store/errors.js'
import { GroupCommit } from '../../src/store/group-commit.js'
import { SqliteStore } from '../../src/store/sqlite-store.js'
import { withTempDir } from '../helpers/temp-dir.js'
import { newEvent } from './new-events.js'
import { countCommits } from './count-commits.js'

interface Bench {
  db: Database.Database
  commits: GroupCommit
  file: string
  insert: (value: number) => void
  values: () => number[]
}

async function withCommits(use: (bench: Bench) => Promise<void>): Promise<void> {
  await withTempDir(async (dir) => {
    const file = join(dir, 'x.db')
    const db = new Database(file, { timeout: 0 })
    db.pragma('journal_mode = wal')
    db.exec('create table numbers (value integer not null) strict')
    const insertion = db.prepare<[number]>('insert into numbers values (?)')
    const selection = db.prepare<[], number>('select value from numbers').pluck()
    try {
      await use({
        db,
        file,
        commits: new GroupCommit(db, file),
        insert: (value) => void insertion.run(value),
        values: () => selection.all()
      })
    } finally {
      db.close()
    }
  })
}

describe('group commit', () => {
  it('lets writes that come together share one commit', async () => {
    await withCommits(async ({ commits, file, insert, values }) => {
      const before = countCommits(file)
      await Promise.all([1, 2, 3, 4, 5].map((value) => commits.write(() => insert(value))))
      expect(countCommits(file)).toBe(before + 1)
      expect(values()).toEqual([1, 2, 3, 4, 5])
    })
  })

  it('goes on where the file cannot be looked at', async () => {
    await withCommits(async ({ commits, insert, values }) => {
      await commits.write(() => insert(1))
      const stat = jest.spyOn(fs, 'statSync').mockImplementation(() => {
        throw Object.assign(new Error('no'), { code: 'EACCES' })
      })
      try {
        await commits.write(() => insert(2))
      } finally {
        stat.mockRestore()
      }
      expect(values()).toEqual([1, 2])
    })
  })

  it('lets the intakes of a store share one commit, and a lone one has its own', async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, 'store.db')
      const store = SqliteStore.open(file)
      const accept = () => store.accept({ events: [newEvent()], rejections: [], ignored: {} })
      await accept()
      const before = countCommits(file)
      await Promise.all(Array.from({ length: 50 }, accept))
      expect(countCommits(file)).toBe(before + 1)
      await accept()
      expect(countCommits(file)).toBe(before + 2)
      await store.close()
    })
  })

  it('resolves with what each write came to, after the commit', async () => {
    await withCommits(async ({ commits, db, insert }) => {
      const write = commits.write(() => {
        insert(1)
        return 'done'
      })
      expect(db.inTransaction).toBe(false)
      const committed = write.then(() => db.inTransaction)
      await expect(write).resolves.toBe('done')
      expect(await committed).toBe(false)
    })
  })

  it('runs writes in the order in which they were asked for', async () => {
    await withCommits(async ({ commits }) => {
      const order: number[] = []
      await Promise.all([1, 2, 3].map((value) => commits.write(() => order.push(value))))
      expect(order).toEqual([1, 2, 3])
    })
  })

  it('writes nothing of a transaction that the database refuses, rejects all of it, and goes on', async () => {
    await withCommits(async ({ commits, db, insert, values }) => {
      const pages = Number(db.pragma('page_count', { simple: true }))
      db.pragma(`max_page_count = ${pages}`)
      const huge = db.prepare<[string]>('insert into numbers select length(value) from json_each(?)')
      const results = await Promise.allSettled([
        commits.write(() => insert(1)),
        commits.write(() => huge.run(JSON.stringify(Array.from({ length: 5000 }, () => 'x')))),
        commits.write(() => insert(3))
      ])
      for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: { code: 'full' } })
      expect(values()).toEqual([])
      expect(db.inTransaction).toBe(false)
      db.pragma('max_page_count = 1000000')
      await commits.write(() => insert(4))
      expect(values()).toEqual([4])
    })
  })

  it('rejects a write that fails by itself alone, and undoes what it wrote', async () => {
    await withCommits(async ({ commits, insert, values }) => {
      const fail = (): never => {
        insert(99)
        throw new TypeError('a mistake')
      }
      const results = await Promise.allSettled([
        commits.write(() => insert(1)),
        commits.write(fail),
        commits.write(() => insert(3))
      ])
      expect(results).toMatchObject([
        { status: 'fulfilled' },
        { reason: { message: 'a mistake' } },
        { status: 'fulfilled' }
      ])
      expect(values()).toEqual([1, 3])
    })
  })

  it('does not take what one write holds and the database refuses for trouble of the others', async () => {
    await withCommits(async ({ commits, db, insert, values }) => {
      const insertText = db.prepare<[string]>('insert into numbers values (?)')
      const results = await Promise.allSettled([
        commits.write(() => insert(1)),
        commits.write(() => insertText.run('not a number')),
        commits.write(() => insert(3))
      ])
      expect(results).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected' }, { status: 'fulfilled' }])
      expect(values()).toEqual([1, 3])
    })
  })

  it('does not run a write that is not admitted, and asks with what was written before it in view', async () => {
    await withCommits(async ({ commits, file, insert, values }) => {
      const before = countCommits(file)
      const refuse = (): void => {
        if (values().length > 0) throw new StoreError('limit', 'not now')
      }
      const results = await Promise.allSettled([
        commits.write(() => insert(1), refuse),
        commits.write(() => insert(2), refuse),
        commits.write(() => insert(3))
      ])
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect(values()).toEqual([1, 3])
      expect(countCommits(file)).toBe(before + 1)
    })
  })

  it('waits for another program to let go of the database, without holding up this one', async () => {
    await withCommits(async ({ commits, file, insert, values }) => {
      const other = new Database(file)
      other.exec('begin immediate')
      let turns = 0
      const ticking = setInterval(() => turns++, 5)
      try {
        const write = commits.write(() => insert(1))
        await new Promise((resolve) => setTimeout(resolve, 60))
        expect(values()).toEqual([])
        expect(turns).toBeGreaterThan(3)
        other.close()
        await write
        expect(values()).toEqual([1])
      } finally {
        other.close()
        clearInterval(ticking)
      }
    })
  })

  it('commits what waits when it is closed, and takes no more', async () => {
    await withCommits(async ({ commits, insert, values }) => {
      const write = commits.write(() => insert(1))
      commits.close()
      expect(values()).toEqual([1])
      await write
      await expect(commits.write(() => insert(2))).rejects.toMatchObject({ code: 'closed' })
    })
  })

  it('takes writes that are asked for while others commit', async () => {
    await withCommits(async ({ commits, insert, values }) => {
      let second: Promise<void> | undefined
      await commits.write(() => {
        second = commits.write(() => insert(2))
        insert(1)
      })
      await second
      expect(values()).toEqual([1, 2])
    })
  })
})
