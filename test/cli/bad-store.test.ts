import { mkdirSync, statSync } from 'node:fs'
import Database from 'better-sqlite3'
import { expectRefused, identify, ndjson, readBooks, STORE, withDesk, type Desk } from './desk.js'

const GOOD = ndjson([identify(1)])

describe('a store that cannot be used ends with 2 and one line', () => {
  const forward = ['forward', '-', '--json', '--store']

  it.each<[string, (desk: Desk) => string, RegExp]>([
    ['a directory', ({ path }) => (mkdirSync(path('s')), 's'), /^error: s is a directory: name a file with --store/],
    ['no file', () => '/dev/null', /^error: \/dev\/null is not a file: name another one with --store/],
    ['not a database', ({ write }) => write('s', 'just text '.repeat(1000)), /^error: s is not a database: /],
    ["another program's database", ({ path }) => (foreign(path('s')), 's'), /^error: s is another program's database/],
    ['in a folder that is not there', () => 'no/where.db', /^error: the folder (.*\/)?no does not exist/],
    ['in a place that cannot be written', () => '/proc/dopt.db', /^error: cannot write to \/proc\/dopt\.db/]
  ])('%s', (_, prepare, line) =>
    withDesk(async (desk) => {
      expectRefused(await desk.run([...forward, prepare(desk)], { input: GOOD }), line)
    })
  )

  it('an empty file, which only a command that accepts events turns into a store', () =>
    withDesk(async ({ run, write, path }) => {
      write('s', '')
      for (const command of [['status'], ['batches'], ['show', 'm1'], ['prune']]) {
        expectRefused(await run([...command, '--store', 's']), /^error: there is no store at s: /)
      }
      expect((await run(['check', '--store', 's'])).code).toBe(0)
      expect(statSync(path('s')).size).toBe(0)
      expect(await run([...forward, 's'], { input: GOOD })).toMatchObject({ code: 0 })
    }))

  it('written by a newer version', () =>
    withDesk(async ({ run, path }) => {
      await run(['forward', '-', '--accept-only'], { input: GOOD })
      const db = new Database(path(STORE))
      db.pragma('user_version = 999')
      db.close()

      expectRefused(
        await run([...forward, STORE], { input: GOOD }),
        /^error: .* was written by a newer dopt-destination .*update dopt-destination, or name/
      )
      expectRefused(await run(['status']), /^error: .* was written by a newer/)
    }))

  it('in use by another sender, which is not disturbed; --accept-only works alongside it', () =>
    withDesk(
      async ({ start, run, path, sandbox }) => {
        const sender = start(['forward', '-'], { input: GOOD })
        await sender.says(/retrying in/)

        expectRefused(
          await run([...forward, STORE], { input: GOOD }),
          /^error: another process is sending from .*--accept-only/
        )
        const beside = await run(['forward', '-', '--json', '--accept-only'], { input: ndjson([identify(2)]) })
        expect(beside).toMatchObject({ code: 0, stderr: '' })
        expect(beside.json()).toMatchObject({ accepted: 1, pending: 1 })

        sandbox.setFaults({ failRate: 0 })
        expect((await sender.end).code).toBe(0)
        expect((await readBooks(path(STORE))).events).toMatchObject({ delivered: 2 })
      },
      { failRate: 1, failStatus: 503, retryAfterS: 0 }
    ))

  it.each(['status', 'batches', 'show 1', 'replay --failed'])('not there, and "%s" does not make one', (command) =>
    withDesk(async ({ run, path }) => {
      expectRefused(await run(command.split(' ')), /^error: there is no store at \.\/dopt-destination\.db/)
      await expect(readBooks(path(STORE))).rejects.toThrow('there is no store')
    })
  )
})

function foreign(file: string): void {
  const db = new Database(file)
  db.exec('create table theirs (id integer)')
  db.close()
}
