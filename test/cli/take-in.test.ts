import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { takeIn, type TakeInOptions } from '../../src/cli/take-in.js'
import { Tally } from '../../src/cli/tally.js'
import type { Forwarder } from '../../src/forwarder.js'
import { StoreError } from '../../src/store/errors.js'
import { withForwarders } from '../forwarder/with-forwarder.js'
import { until } from './desk.js'

const identify = (index: number, traits: object = {}) =>
  `${JSON.stringify({ type: 'identify', userId: `user-${index}`, messageId: `m-${index}`, traits })}\n`

const lines = (count: number, traits?: object) =>
  Array.from({ length: count }, (_, index) => identify(index, traits)).join('')

/** In blocks, as a file is read. */
function* blocksOf(text: string): Generator<Buffer> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += 64 * 1024) yield bytes.subarray(at, at + 64 * 1024)
}

/** Accepts what `source` gives, and records how many items each commit has. */
async function withReading(
  source: Readable,
  use: (reading: { forwarder: Forwarder; commits: number[]; done: Promise<void>; tally: Tally }) => Promise<void>,
  accept: (forwarder: Forwarder, commit: number) => Promise<void> = () => Promise.resolve()
): Promise<void> {
  await withForwarders({}, async ({ create }) => {
    const forwarder = await create({ send: false })
    const commits: number[] = []
    const acceptTranslated = forwarder.acceptTranslated.bind(forwarder)
    jest.spyOn(forwarder, 'acceptTranslated').mockImplementation(async (translated) => {
      commits.push(translated.received)
      await accept(forwarder, commits.length)
      return acceptTranslated(translated)
    })
    const tally = new Tally()
    const options: TakeInOptions = {
      signal: new AbortController().signal,
      onBytes: () => undefined,
      onRejected: () => undefined,
      onUntimed: () => undefined,
      untilRoom: () => Promise.resolve(false)
    }
    const done = takeIn(forwarder, { name: 'stdin', source, bytes: undefined }, tally, options)
    done.catch(() => undefined)
    await use({ forwarder, commits, done, tally })
  })
}

describe('takeIn', () => {
  it('accepts some thousand events per commit', async () => {
    await withReading(Readable.from(blocksOf(lines(4500))), async ({ commits, done, tally }) => {
      await done
      expect(commits).toEqual([2000, 2000, 500])
      expect(tally.accepted).toBe(4500)
    })
  })

  it('accepts fewer per commit if they are large', async () => {
    const source = Readable.from(blocksOf(lines(100, { about: 'x'.repeat(64 * 1024) })))
    await withReading(source, async ({ commits, done, tally }) => {
      await done
      expect(tally.accepted).toBe(100)
      expect(commits.length).toBeGreaterThan(2)
      expect(Math.max(...commits)).toBeLessThan(40)
    })
  })

  it('does not wait for more if a source pauses', async () => {
    const source = new Readable({ read: () => undefined })
    source.push(lines(3))
    await withReading(source, async ({ done, tally }) => {
      await until(() => tally.accepted === 3)
      source.push(identify(3))
      await until(() => tally.accepted === 4)
      source.push(null)
      await done
    })
  })

  it('does not mistake a slow source for one that pauses', async () => {
    async function* slowly(): AsyncGenerator<string> {
      for (let index = 0; index < 1000; index++) {
        if (index % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 8))
        yield identify(index)
      }
    }
    await withReading(Readable.from(slowly()), async ({ commits, done, tally }) => {
      await done
      expect(tally.accepted).toBe(1000)
      // About 400 ms in total, and longer than a pause for each slice that is translated at a time.
      expect(Math.max(...commits)).toBeGreaterThan(300)
    })
  })

  it('accepts what precedes damage, and then reports it', async () => {
    const whole = gzipSync(lines(3000))
    const source = Readable.from([whole.subarray(0, whole.length - 200)])
    await withReading(source, async ({ commits, done, tally }) => {
      await expect(done).rejects.toThrow(/gzip/)
      expect(commits).toHaveLength(2)
      expect(tally.accepted).toBeGreaterThan(2000)
    })
  })

  it.each([
    ['does not wait for the source', 4000],
    ['writes nothing behind it', 4500]
  ])('tells of a chunk that the store has refused, and %s', async (_then, count) => {
    const source = new Readable({ read: () => undefined })
    source.push(lines(count))
    const refuse = (_forwarder: Forwarder, commit: number) =>
      commit === 2 ? Promise.reject(new StoreError('full', 'the disk is full')) : Promise.resolve()
    await withReading(
      source,
      async ({ forwarder, commits, done, tally }) => {
        await expect(done).rejects.toThrow('the disk is full')
        expect(commits).toEqual([2000, 2000])
        expect(tally.accepted).toBe(2000)
        expect((await forwarder.books()).intake.received).toBe(2000)
        expect(source.destroyed).toBe(true)
      },
      refuse
    )
  })

  it('writes one chunk after the other', async () => {
    let release: () => void = () => undefined
    const first = new Promise<void>((resolve) => (release = resolve))
    const source = Readable.from(blocksOf(lines(4500)))
    await withReading(
      source,
      async ({ commits, done }) => {
        await new Promise((resolve) => setTimeout(resolve, 200))
        expect(commits).toEqual([2000])
        release()
        await done
        expect(commits).toEqual([2000, 2000, 500])
      },
      (_forwarder, commit) => (commit === 1 ? first : Promise.resolve())
    )
  })
})
