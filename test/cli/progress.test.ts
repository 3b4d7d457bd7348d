import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { createProgress } from '../../src/cli/progress.js'

/** A stream that records what is written to it; `isTTY` says whether it is a terminal. */
class FakeTerminal extends Writable {
  readonly isTTY: boolean
  readonly writes: string[] = []

  constructor(
    isTTY: boolean,
    readonly columns = 100
  ) {
    super()
    this.isTTY = isTTY
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.writes.push(chunk.toString())
    done()
  }

  /** The last line drawn, without cursor movements. */
  get lastLine(): string {
    return (
      this.writes
        .map(stripVTControlCharacters)
        .filter((text) => text.trim() !== '')
        .at(-1) ?? ''
    )
  }

  get text(): string {
    return this.writes.join('')
  }
}

describe('progress', () => {
  it('shows counts and rate, and a percentage of the bytes if their total is known', () => {
    const stream = new FakeTerminal(true)
    let now = 1000
    const progress = createProgress({ totalBytes: 2000, stream, env: {}, nowMs: () => now })
    now += 5000
    progress.start()
    expect(stream.lastLine).toBe('░░░░░░░░░░░░ 0%  read 0  delivered 0  failed 0  0/s')
    now += 2000
    progress.update({ read: 3000, delivered: 2468, superseded: 0, failed: 1, bytesRead: 1000 })
    progress.stop()
    expect(stream.lastLine).toBe('██████░░░░░░ 50%  read 3,000  delivered 2,468  failed 1  1,234/s')
    expect(stream.text.endsWith('\n')).toBe(true)
  })

  it('writes lines above itself, and says what is wrong at the moment', () => {
    const stream = new FakeTerminal(true)
    let now = 0
    const progress = createProgress({ totalBytes: 100, stream, env: {}, nowMs: () => now })
    progress.say('before')
    progress.start()
    now = 1000
    progress.update({ read: 50, delivered: 10, superseded: 0, failed: 0, bytesRead: 10, trouble: 'waiting' })
    progress.say('between')
    progress.stop()
    progress.say('after')
    const bar = '█░░░░░░░░░░░ 10%  read 50  delivered 10  failed 0  10/s  waiting'
    // The line replaces the bar, which is drawn again below it and continues counting from its first start.
    expect(stream.text).toContain(`\u001b[1A\r\u001b[2Kbetween\n`)
    expect(stream.text).toMatch(/^before\n/)
    expect(stream.text).toMatch(/after\n$/)
    expect(stripVTControlCharacters(stream.text).split('between\n')[1]).toContain(bar)
  })

  it('writes only the lines if the stream is no terminal', () => {
    const stream = new FakeTerminal(false)
    const progress = createProgress({ stream, env: {} })
    progress.start()
    progress.say('a line')
    progress.stop()
    expect(stream.text).toBe('a line\n')
  })

  it('counts superseded events once there are some: they are part of what the bar shows', () => {
    const stream = new FakeTerminal(true)
    const progress = createProgress({ totalBytes: 100, stream, env: {}, nowMs: () => 0 })
    progress.start()
    progress.update({ read: 60_000, delivered: 25_800, superseded: 28_536, failed: 2, bytesRead: 90 })
    progress.stop()
    expect(stream.lastLine).toBe('███████████░ 90%  read 60,000  delivered 25,800  failed 2  superseded 28,536  0/s')
  })

  it('leaves the bar the room that the counts do not need', () => {
    const counts = { read: 60_000, delivered: 25_800, superseded: 28_536, failed: 2, bytesRead: 50 }
    const lineOf = (columns: number): string => {
      const stream = new FakeTerminal(true, columns)
      const progress = createProgress({ totalBytes: 100, stream, env: {}, nowMs: () => 0 })
      progress.start()
      progress.update(counts)
      progress.stop()
      return stream.lastLine
    }
    const text = '50%  read 60,000  delivered 25,800  failed 2  superseded 28,536  0/s'
    expect([81, 80, 75, 70, 68].map(lineOf)).toEqual([
      ...[`██████░░░░░░ ${text}`, `██████░░░░░ ${text}`, `███░░░ ${text}`, `█ ${text}`, text]
    ])
    expect(lineOf(40)).toBe(text.slice(0, 40))
  })

  it('shows only counts and rate if the total is unknown', () => {
    const stream = new FakeTerminal(true)
    const progress = createProgress({ stream, env: {}, nowMs: () => 0 })
    progress.start()
    progress.update({ read: 2, delivered: 1, superseded: 0, failed: 0 })
    progress.stop()
    expect(stream.lastLine).toBe('read 2  delivered 1  failed 0  0/s')
  })

  it('uses no colours, whatever NO_COLOR says', () => {
    const stream = new FakeTerminal(true)
    const progress = createProgress({ stream, env: { NO_COLOR: '1' } })
    progress.start()
    progress.stop()
    expect(stream.text).toContain('read 0')
    expect(stream.writes.filter((text) => text.endsWith('m'))).toEqual([])
    expect(stream.lastLine).toBe(stream.writes.find((text) => text.includes('read')))
  })

  it.each([
    ['is no terminal', new FakeTerminal(false), {}],
    ['cannot move its cursor', new FakeTerminal(true), { TERM: 'dumb' }]
  ])('writes nothing where the stream %s', (_, stream, env) => {
    const progress = createProgress({ totalBytes: 10, stream, env })
    progress.start()
    progress.update({ read: 1, delivered: 1, superseded: 0, failed: 0, bytesRead: 5 })
    progress.stop()
    expect(stream.text).toBe('')
  })

  it('can be stopped before it started, and twice', () => {
    const stream = new FakeTerminal(true)
    const progress = createProgress({ stream, env: {} })
    progress.stop()
    progress.start()
    progress.stop()
    const { text } = stream
    progress.stop()
    expect(stream.text).toBe(text)
  })
})
