import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '../../src/delivery/logger.js'
import { Sender, type SenderOptions } from '../../src/delivery/sender.js'
import { SqliteStore } from '../../src/store/sqlite-store.js'
import type { AcceptReceipt, NewEvent, NewPart } from '../../src/store/store.js'
import { FakeClock } from './fake-clock.js'
import { FakeDopt } from './fake-dopt.js'

export interface SenderBench {
  store: SqliteStore
  sender: Sender
  dopt: FakeDopt
  clock: FakeClock
  /** Stores events as `[identifier, properties, ageMs?]`; the age makes an event older than its arrival. */
  accept: (...events: Array<[string, Record<string, unknown>, number?]>) => Promise<AcceptReceipt>
  /** Stores events that happen as they arrive, each with its parts. */
  acceptParts: (...events: Array<[NewPart, ...NewPart[]]>) => Promise<AcceptReceipt>
  /** Stops this sender as a crash would, without its leave, and starts another on the same file. */
  restart: (options?: Partial<SenderOptions>) => Promise<Sender>
}

/** Events for `accept`, of as many users. */
export const users = (count: number, prefix = 'user'): Array<[string, Record<string, unknown>]> =>
  Array.from({ length: count }, (_, index) => [`${prefix}-${index}`, { plan: 'pro', index }])

/** Starts the sender with these events while Dopt is down, so that their batches wait. Resolves to the calls made. */
export async function startInOutage(
  { accept, dopt, sender }: SenderBench,
  ...events: Parameters<SenderBench['accept']>
): Promise<number> {
  dopt.answer = () => ({ outcome: 'retry', status: 503, message: 'down' })
  await accept(...events)
  await sender.start()
  await sender.drain()
  return dopt.calls.length
}

export const SENDER_OPTIONS: SenderOptions = {
  api: 'bulk',
  batchSize: 100,
  maxBodyBytes: 500_000,
  flushIntervalMs: 1000,
  concurrency: 4,
  retryWindowMs: 72 * 3600_000,
  backoff: { baseMs: 500, maxMs: 60_000 },
  keyProbeMs: 30_000
}

/** A sender on a real store, with a clock and a Dopt in the test's hands. Everything is closed and removed afterwards. */
export async function withSender(
  options: Partial<SenderOptions>,
  run: (bench: SenderBench) => Promise<void>
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'dopt-sender-'))
  const file = join(folder, 'store.db')
  const clock = new FakeClock()
  const dopt = new FakeDopt(clock)
  let messages = 0
  const open = (more: Partial<SenderOptions> = {}): { store: SqliteStore; sender: Sender } => {
    const store = SqliteStore.open(file, { synchronous: 'normal' })
    return {
      store,
      sender: new Sender(store, dopt, { ...SENDER_OPTIONS, ...options, ...more }, clock, silentLogger, () => 1)
    }
  }
  let current = open()
  const bench: SenderBench = {
    ...current,
    dopt,
    clock,
    accept: async (...events) =>
      current.store.accept({
        events: events.map(([identifier, properties, ageMs = 0]): NewEvent => ({
          messageId: `m${++messages}`,
          identifier,
          eventTime: clock.now() - ageMs,
          arrivedAt: clock.now(),
          properties: JSON.stringify(properties)
        })),
        rejections: [],
        ignored: {}
      }),
    acceptParts: async (...events) =>
      current.store.accept({
        events: events.map(([part, ...later]) => ({
          ...{ messageId: `m${++messages}`, eventTime: clock.now(), arrivedAt: clock.now() },
          ...part,
          later
        })),
        rejections: [],
        ignored: {}
      }),
    restart: async (more) => {
      // Closing the file under the sender is as near to SIGKILL as one process gets: it can record nothing any more.
      await current.store.close()
      void current.sender.stop(0)
      current = open(more)
      bench.store = current.store
      bench.sender = current.sender
      await current.sender.start()
      return current.sender
    }
  }
  try {
    await run(bench)
  } finally {
    const stopped = current.sender.stop(0)
    await clock.advance(60_000)
    await stopped
    await current.store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
