import { join } from 'node:path'
import { SqliteStore } from '../../src/store/sqlite-store.js'
import { withCommand } from '../helpers/child-process.js'
import { expectBalanced } from '../helpers/expect-balanced.js'
import { withTempDir } from '../helpers/temp-dir.js'

// Real processes, killed at moments of chance on machines that may be busy: once more tells a slow machine from a defect.
jest.retryTimes(1, { logErrorsBeforeRetry: true })

const PROGRAM = join(__dirname, 'acknowledging-process.mjs')
const ROUNDS = 10

/** Lets the program accept into the file and kills it after so many receipts; returns the ids that it acknowledged. */
async function acceptUntilKilled(file: string, name: string, receipts: number): Promise<string[]> {
  const acknowledged: string[] = []
  await withCommand([process.execPath, PROGRAM, file, name], async (program) => {
    const read = async (): Promise<void> => {
      const [accepted, ...ids] = (await program.nextLine()).split(' ')
      expect(Number(accepted)).toBe(ids.length)
      acknowledged.push(...ids)
    }
    while (acknowledged.length < receipts) await read()
    program.process.kill('SIGKILL')
    // What it has said before it was gone counts as well.
    for (;;) {
      try {
        await read()
      } catch {
        return
      }
    }
  })
  return acknowledged
}

describe('a program that is killed right after it acknowledged events', () => {
  it('has lost none of them, at whatever moment it was killed', async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, 'store.db')
      const acknowledged: string[] = []
      for (let round = 0; round < ROUNDS; round++) {
        const receipts = 1 + Math.floor(Math.random() * 400)
        acknowledged.push(...(await acceptUntilKilled(file, `r${round}`, receipts)))
      }
      const store = SqliteStore.open(file, { mustExist: true })
      try {
        const lost: string[] = []
        for (const id of acknowledged) if ((await store.getEvent(id)) === undefined) lost.push(id)
        expect(lost).toEqual([])
        const books = await store.books()
        expectBalanced(books)
        expect(books.events.pending).toBeGreaterThanOrEqual(acknowledged.length)
      } finally {
        await store.close()
      }
    })
  }, 60_000)
})
