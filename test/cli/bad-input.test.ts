import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { CLI } from '../helpers/run-cli.js'
import { expectRefused, identify, ndjson, usersOf, withDesk, type Desk, type Run } from './desk.js'

const GOOD = ndjson([identify(1)])

describe('an input that cannot be used ends with 2 and one line that says why', () => {
  it.each<[string, (desk: Desk) => string | string[], RegExp]>([
    ['a missing file', () => 'none.ndjson', /^error: none\.ndjson does not exist: check the path$/],
    [
      'a binary file',
      ({ write }) => write('e.png', Buffer.from([0x89, 0x50, 0, 1, 2, 0, 0, 3])),
      /^error: e\.png is binary/
    ],
    [
      'a UTF-16 file',
      ({ write }) => write('e', Buffer.from(`\ufeff${GOOD}`, 'utf16le')),
      /^error: e is UTF-16, .*iconv/
    ],
    ['a directory', ({ path }) => (mkdirSync(path('folder')), 'folder'), /^error: folder is a directory/],
    ['standard input twice', () => ['-', '-'], /^error: - can be read only once/],
    ['a slip in the last of several names', ({ write }) => [write('good', GOOD), 'god'], /^error: god does not exist/],
    [
      'a binary file after a good one',
      ({ write }) => [write('a', GOOD), write('b', Buffer.alloc(9))],
      /^error: b is binary/
    ]
  ])('%s', (_, prepare, line) =>
    withDesk(async (desk) => {
      const result = await desk.run(['forward', '--json', ...[prepare(desk)].flat()])

      expectRefused(result, line)
      expect(desk.sandbox.stats.calls).toBe(0)
    })
  )
})

it('a directory as standard input is refused, too', () =>
  withDesk(async ({ path }) => {
    const folder = openSync(path('.'), 'r')
    const { status, stderr } = spawnSync(process.execPath, [CLI, 'forward'], {
      cwd: path('.'),
      stdio: [folder, 'pipe', 'pipe'],
      encoding: 'utf8'
    })
    closeSync(folder)
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: 'error: standard input is a directory: name the files in it instead\n'
    })
  }))

describe('invalid parts of an input affect nothing else', () => {
  async function forwarded(desk: Desk, content: string | Buffer): Promise<Run> {
    desk.write('e.ndjson', content)
    return desk.run(['forward', 'e.ndjson', '--json'])
  }

  it('accepts what precedes the damage in a gzip file, and exits with 1', () =>
    withDesk(async (desk) => {
      const whole = gzipSync(ndjson(Array.from({ length: 3000 }, (_, number) => identify(number))))
      const { code, json, errors } = await forwarded(desk, whole.subarray(0, whole.length / 2))

      expect(code).toBe(1)
      expect(errors()).toEqual([
        expect.stringMatching(/^error: e\.ndjson is a damaged or incomplete gzip file: .* after line \d+/)
      ])
      expect(Number(json()['delivered'])).toBeGreaterThan(100)
      expect(json()).toMatchObject({ rejected: 0, pending: 0, received: json()['delivered'] })
    }))

  it('previews what precedes the damage, in one JSON document too', () =>
    withDesk(async ({ run, write }) => {
      const whole = gzipSync(ndjson(Array.from({ length: 3000 }, (_, number) => identify(number))))
      write('e.ndjson', whole.subarray(0, whole.length / 2))
      const page = await run(['preview', 'e.ndjson', '--limit', '1'])
      const document = await run(['preview', 'e.ndjson', '--limit', '1', '--json'])
      expect([page.code, document.code]).toEqual([1, 1])
      expect(page.stdout).toMatch(
        /^and [\d,]+ more: raise --limit to see them\n[\d,]+ events: [\d,]+ would be sent, 0 ignored, 0 rejected$/m
      )
      expect(Number(document.json()['received'])).toBeGreaterThan(100)
      expect(document.errors()).toEqual([expect.stringMatching(/is a damaged or incomplete gzip file/)])
    }))

  it('continues with the next file after a damaged one', () =>
    withDesk(async ({ write, run, sandbox }) => {
      const whole = gzipSync(ndjson(Array.from({ length: 3000 }, (_, number) => identify(number))))
      const names = [write('a.gz', whole.subarray(0, whole.length / 2)), write('b', ndjson([identify(9999)]))]

      expect((await run(['forward', ...names])).code).toBe(1)
      expect(sandbox.users.has('u9999')).toBe(true)
    }))

  it('continues with the other files if nothing in the first can be read', () =>
    withDesk(async ({ run, write, sandbox }) => {
      write('cut.gz', gzipSync(GOOD).subarray(0, 20))
      write('blank', '\n\n')
      write('good', GOOD)
      const { code, json, errors } = await run(['forward', '--json', 'cut.gz', 'blank', 'good'])
      expect(code).toBe(1)
      expect(json()).toMatchObject({ received: 1, delivered: 1 })
      expect(errors()).toEqual([
        expect.stringMatching(/^error: cut\.gz is a damaged/),
        expect.stringMatching(/^error: blank is empty/)
      ])
      expect(sandbox.users.size).toBe(1)
    }))

  it('delivers what waits, and prints a summary, also if nothing can be read of the only file', () =>
    withDesk(async ({ run, write }) => {
      await run(['forward', '--accept-only'], { input: GOOD })
      const { code, json, errors } = await run(['forward', '--json', write('cut.gz', gzipSync(GOOD).subarray(0, 20))])
      expect(code).toBe(1)
      expect(errors()).toEqual([expect.stringMatching(/^error: cut\.gz is a damaged/)])
      expect(json()).toMatchObject({
        received: 0,
        errors: [errors()[0]?.slice('error: '.length)],
        earlier: { delivered: 1 }
      })
    }))

  it('refuses a file in another format as a whole, instead of keeping each line', () =>
    withDesk(async ({ run, write, books }) => {
      write('users.csv', 'id,name,plan\n'.repeat(5000))
      const { code, stdout, stderr } = await run(['forward', 'users.csv'])
      expect(code).toBe(2)
      expect(stdout).toBe('')
      expect(stderr).toMatch(/^error: users\.csv is not JSON: none of its first \d+ lines is\. Give NDJSON/)
      expect((await books()).rejected).toBe(0)
    }))

  it('rejects a line that is truncated by the end of the file', () =>
    withDesk(async (desk) => {
      const { code, json, stderr } = await forwarded(desk, GOOD + JSON.stringify(identify(2)).slice(0, 30))

      expect(code).toBe(1)
      expect(json()).toMatchObject({ received: 2, delivered: 1, rejected: 1 })
      expect(stderr).toContain('e.ndjson:2: not JSON: the line ends in the middle of a value\n')
    }))

  it('skips a byte-order mark', () =>
    withDesk(async (desk) => {
      expect(await forwarded(desk, `\ufeff${GOOD}`)).toMatchObject({ code: 0, stderr: '' })
    }))

  it('rejects a line of 50 MB without keeping it in memory or in the store', () =>
    withDesk(async (desk) => {
      const line = `{"type":"identify","userId":"u","traits":{"x":"${'x'.repeat(50_000_000)}"}}\n`
      const { code, json, stderr } = await forwarded(desk, line + GOOD)

      expect(code).toBe(1)
      expect(json()).toMatchObject({ received: 2, delivered: 1, rejected: 1 })
      expect(stderr).toContain('e.ndjson:1: longer than the limit of 1,048,576 bytes\n')
      expect((await desk.books()).bytes).toBeLessThan(1_000_000)
      expect((await desk.run(['replay', '--rejected', '--dry-run', '--json'])).json()).toMatchObject({
        rejected: { kept: 1, first: [{ reason: expect.stringContaining('only its beginning was kept') as string }] }
      })
    }))

  it.each<[string, unknown, RegExp]>([
    ['not an object', [1], /not an object but an array/],
    ['null', null, /not an object but null/],
    ['of no type', { userId: 'u', traits: {} }, /no type: /],
    ['a whole batch', { batch: [identify(2)] }, /no type: this is the body of a batch: give the events in it/],
    ['with traits that are a string', identify(2, { traits: 'VALUE' }), /traits is a string, not an object/],
    ['with traits that are an array', identify(2, { traits: ['VALUE'] }), /traits is an array, not an object/]
  ])('rejects an event %s, naming its line and no value', (_, event, reason) =>
    withDesk(async (desk) => {
      const { code, json, errors, stderr } = await forwarded(desk, GOOD + ndjson([event]))

      expect(code).toBe(1)
      expect(json()).toMatchObject({ received: 2, delivered: 1, rejected: 1 })
      expect(errors()[0]).toMatch(/^e\.ndjson:2: /)
      expect(errors()[0]).toMatch(reason)
      expect(stderr).not.toContain('VALUE')
      expect((await desk.books()).rejected).toBe(1)
    })
  )

  it('converts a numeric userId to text, ignores an event without one, and handles very many and very deep traits', () =>
    withDesk(async (desk) => {
      const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`t${n}`, n]))
      const deep = Array.from({ length: 200 }).reduce<unknown>((inner) => ({ d: inner }), 'bottom')
      const { code, json } = await forwarded(
        desk,
        ndjson([
          identify(1, { userId: 42 }),
          identify(2, { userId: undefined }),
          identify(3, { traits: many }),
          identify(4, { traits: { deep } })
        ])
      )

      expect(code).toBe(0)
      expect(json()).toMatchObject({ delivered: 3, ignored: 1, ignoredReasons: { 'no-identifier': 1 } })
      const users = usersOf(desk.sandbox)
      expect(Object.keys(users).sort()).toEqual(['42', 'u3', 'u4'])
      expect(users['u3']).toEqual(many)
      expect(JSON.stringify(users['u4'])).toContain('bottom')
    }))
})
