import { createGunzip } from 'node:zlib'

/**
 * How many compressed bytes to pass to zlib at once. If zlib finds damage, its output for them is lost. So a slice is a
 * sixteenth of what came before it, within sensible limits.
 */
const SLICE_BYTES = { min: 64, max: 4 * 1024 }
/** The checksum and length at the end of a gzip file. */
const TRAILER_BYTES = 8
const OUTPUT_BYTES = 64 * 1024

/** The gzip data is damaged or ends too early. Everything before that was yielded. */
export class GzipDamage extends Error {}

/**
 * Decodes gzip with one or several members. Unlike a piped zlib stream, which discards decoded data on an error, this
 * yields everything before the damage: all of it if the file is cut short or its checksum is wrong, all but the last
 * slice if bytes in the middle are wrong. Zeros may follow the last member, as padding, but nothing else.
 * @throws GzipDamage
 */
export async function* gunzip(blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  const inflate = createGunzip({ chunkSize: OUTPUT_BYTES })
  let decoded: Buffer[] = []
  let failure: Error | undefined
  let ended = false
  let written: Buffer = Buffer.alloc(0)
  let writtenBytes = 0
  let settle = (): void => {}

  inflate.on('data', (output: Buffer) => decoded.push(output))
  inflate.on('end', () => {
    ended = true
    settle()
  })
  inflate.on('error', (error) => {
    failure = error
    settle()
  })

  /** Runs one step and resolves to its output. Never rejects. */
  const run = (step: (done: () => void) => void): Promise<Buffer[]> =>
    new Promise((resolve) => {
      settle = () => {
        settle = () => {}
        resolve(decoded)
        decoded = []
      }
      step(() => settle())
    })

  const write = (slice: Buffer): Promise<Buffer[]> => {
    written = slice
    writtenBytes += slice.length
    return run((done) => inflate.write(slice, (error) => (error ? undefined : done())))
  }

  /** zlib ends at a zero after a member, and leaves the rest unread, whatever it is. */
  const requirePadding = (slice: Buffer): void => {
    const unread = written.subarray(written.length - (writtenBytes - inflate.bytesWritten))
    if (![unread, slice].every((bytes) => bytes.every((byte) => byte === 0)))
      failure ??= new Error('data after padding')
  }

  try {
    let running: Promise<Buffer[]> = Promise.resolve([])
    for await (const slice of sliceBlocks(blocks)) {
      const output = await running
      if (ended) requirePadding(slice)
      running = failure || ended ? Promise.resolve([]) : write(slice)
      // The next slice is decoded in the thread pool while this one's output is being read.
      yield* output
      if (failure) break
    }
    yield* await running
    if (ended) requirePadding(Buffer.alloc(0))
    if (!failure && !ended) yield* await run(() => inflate.end())
    if (failure) throw new GzipDamage('damaged gzip data', { cause: failure })
  } finally {
    inflate.destroy()
  }
}

/**
 * Cuts blocks into slices, the last bytes always in one of their own, so that a wrong checksum loses no decoded data.
 */
async function* sliceBlocks(blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let total = 0
  let rest: Buffer = Buffer.alloc(0)
  for await (const block of blocks) {
    const bytes = rest.length === 0 ? block : Buffer.concat([rest, block])
    const end = Math.max(0, bytes.length - TRAILER_BYTES)
    for (let at = 0; at < end;) {
      const size = Math.min(SLICE_BYTES.max, Math.max(SLICE_BYTES.min, total >> 4), end - at)
      yield bytes.subarray(at, at + size)
      at += size
      total = Math.min(total + size, 16 * SLICE_BYTES.max)
    }
    rest = bytes.subarray(end)
  }
  if (rest.length > 0) yield rest
}
