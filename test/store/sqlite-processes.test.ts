import { existsSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { SqliteStore } from '../../src/store/sqlite-store.js'
import { typescriptCommand, withChild, withCommand, type Child } from '../helpers/child-process.js'
import { expectBalanced } from '../helpers/expect-balanced.js'
import { withTempDir } from '../helpers/temp-dir.js'
import { newEvent, START } from './new-events.js'

const SCRIPT = join(__dirname, 'store-process.ts')

/** Runs `use` with another process that has opened the store. */
async function withOther<T>(file: string, use: (other: Child) => Promise<T>): Promise<T> {
  return withChild(SCRIPT, [file], async (other) => {
    expect(await other.nextLine()).toBe('ready')
    return use(other)
  })
}

async function ask(child: Child, command: string): Promise<string> {
  child.say(command)
  return child.nextLine()
}

async function withStore<T>(file: string, use: (store: SqliteStore) => Promise<T>): Promise<T> {
  const store = SqliteStore.open(file)
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}

describe('one sender a store', () => {
  it('another process is refused while one sends, and may when that one has closed', async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, 'store.db')
      await withOther(file, async (other) => {
        await withStore(file, async (store) => {
          await store.resume(START)
          expect(await ask(other, 'resume')).toBe('error in-use')
          expect(await ask(other, 'accept a')).toBe('accepted 1')
          expect(await ask(other, 'form')).toBe('error in-use')
        })
        expect(await ask(other, 'resume')).toBe('waiting 0')
      })
    })
  })

  it('a sender that was killed leaves its place and its batches to the next', async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, 'store.db')
      await withStore(file, async (store) => {
        await withOther(file, async (other) => {
          await ask(other, 'accept a b c')
          expect(await ask(other, 'resume')).toBe('waiting 0')
          expect(await ask(other, 'form')).toBe('formed')
          await ask(other, 'accept d')
          await expect(store.resume(START)).rejects.toMatchObject({ code: 'in-use' })
          await other.kill()
        })
        expect(await store.resume(START + 5)).toMatchObject({ waiting: 1 })
        expect(await store.claimRetry(START + 5, START + 5)).toMatchObject({ events: 3 })
        expect((await store.books()).events).toMatchObject({ sending: 3, pending: 1 })
      })
    })
  })

  it('a handle that was refused in the same process does not take the place of the sender from it', async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, 'store.db')
      await withStore(file, async (sender) => {
        await sender.resume(START)
        await withStore(file, async (second) => {
          await expect(second.resume(START)).rejects.toMatchObject({ code: 'in-use' })
        })
        await withOther(file, async (other) => expect(await ask(other, 'resume')).toBe('error in-use'))
      })
    })
  })

  it('a second name of the file is no second store', async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, 'store.db')
      await withStore(file, async (sender) => {
        await sender.resume(START)
        symlinkSync(file, join(dir, 'link.db'))
        await withStore(join(dir, 'link.db'), async (linked) => {
          await expect(linked.resume(START)).rejects.toMatchObject({ code: 'in-use' })
        })
      })
    })
  })
})

describe('several processes', () => {
  it('open a store that is not there yet at the same time', async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, 'store.db')
      const opened = [1, 2, 3, 4].map((n) =>
        withOther(file, async (other) => expect(await ask(other, `accept from-${n}`)).toBe('accepted 1'))
      )
      await Promise.all(opened)
      await withStore(file, async (store) => expect((await store.books()).events.pending).toBe(4))
    })
  })

  it('write at the same time, and no event of one is a duplicate of the other', async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, 'store.db')
      await withOther(file, async (other) => {
        await withStore(file, async (store) => {
          const mine = Array.from({ length: 50 }, (_, n) => newEvent({ id: `mine-${n}` }))
          const accepts = mine.map((event) => store.accept({ events: [event], rejections: [], ignored: {} }))
          for (let n = 0; n < 20; n++) expect(await ask(other, `accept theirs-${n}`)).toBe('accepted 1')
          await Promise.all(accepts)
          const books = await store.books()
          expectBalanced(books)
          expect(books.events.pending).toBe(70)
        })
      })
    })
  })

  it('a second handle in this process does not loosen its hold on the file', async () => {
    // A program that finds no lock believes to be alone: it deletes the WAL when it leaves, and every later commit with it.
    await withTempDir(async (dir) => {
      const file = join(dir, 'store.db')
      await withStore(file, async () => {
        const before = locksOn(file)
        await withStore(file, async (second) => {
          await second.books()
          expect(locksOn(file)).toBe(before)
        })
        expect(locksOn(file)).toBe(before)
      })
    })
  })
})

/** How many locks there are on a file. Only Linux tells; elsewhere none are seen. */
function locksOn(file: string): number {
  if (!existsSync('/proc/locks')) return 0
  const inode = String(statSync(file).ino)
  const lines = readFileSync('/proc/locks', 'utf8').split('\n')
  return lines.filter((line) => line.split(/[\s:]+/).includes(inode)).length
}

describe('a process that is killed while it accepts', () => {
  it('loses nothing that it acknowledged, and nothing of it is there by half', async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, 'store.db')
      let last = ''
      await withOther(file, async (other) => {
        other.say('flood')
        for (let n = 0; n < 40; n++) last = await other.nextLine()
        await other.kill()
      })
      const acknowledged = Number(last.slice('flood-'.length)) + 1
      expect(acknowledged).toBe(40)
      await withStore(file, async (store) => {
        const books = await store.books()
        expectBalanced(books)
        expect(books.events.pending).toBeGreaterThanOrEqual(2 * acknowledged)
        expect(books.events.pending % 2).toBe(0)
        for (let n = 0; n < acknowledged; n++) expect(await store.getEvent(`second-${n}`)).toBeDefined()
      })
    })
  })
})

describe('a disk that takes no more', () => {
  it('makes accept reject with the code full; what was acknowledged is there, and it goes on where there is space', async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, 'store.db')
      // In KiB. Writes beyond it fail as they do on a full disk.
      const limited = `ulimit -f 400; exec ${typescriptCommand(SCRIPT, [file]).join(' ')}`
      let accepted = 0
      await withCommand(['bash', '-c', limited], async (other) => {
        expect(await other.nextLine()).toBe('ready')
        let said = ''
        for (let n = 0; said !== 'error full'; n++) {
          const ids = Array.from({ length: 100 }, (_, index) => `${n}-${index}`)
          said = await ask(other, `accept ${ids.join(' ')}`)
          if (said === 'accepted 100') accepted += 100
          else expect(said).toBe('error full')
        }
        expect(JSON.parse(await ask(other, 'books'))).toMatchObject({ pending: accepted })
      })
      expect(accepted).toBeGreaterThan(0)
      await withOther(file, async (other) => {
        expect(JSON.parse(await ask(other, 'books'))).toMatchObject({ pending: accepted })
        expect(await ask(other, 'accept once-more')).toBe('accepted 1')
      })
    })
  })
})
