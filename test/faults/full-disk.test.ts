import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createForwarder, type Forwarder } from '../../src/forwarder.js'
import { StoreError } from '../../src/store/errors.js'
import { identify, ndjson, readBooks, withDesk } from '../cli/desk.js'
import { expectBalanced } from '../helpers/expect-balanced.js'
import { itUnless } from '../helpers/skipped.js'
import { withTempDir } from '../helpers/temp-dir.js'
import { withSandbox } from '../sandbox/with-sandbox.js'

// Real processes, killed at moments of chance on machines that may be busy: once more tells a slow machine from a defect.
jest.retryTimes(1, { logErrorsBeforeRetry: true })

/** Mounts a small disk, where that is allowed: for root, on Linux. */
async function withSmallDisk(use: (folder: string) => Promise<void>): Promise<void> {
  await withTempDir(async (dir) => {
    const folder = join(dir, 'disk')
    mkdirSync(folder)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', folder])
    try {
      await use(folder)
    } finally {
      execFileSync('umount', [folder])
    }
  })
}

function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

let made = 0
const events = (count: number): unknown[] =>
  Array.from({ length: count }, () => identify(made++, { traits: { text: 'x'.repeat(300) } }))

/** Accepts until the disk is full; returns how many events were acknowledged. */
async function acceptUntilFull(forwarder: Forwarder): Promise<number> {
  for (let accepted = 0; ;) {
    try {
      accepted += (await forwarder.accept(events(50))).accepted
    } catch (error) {
      expect(error).toBeInstanceOf(StoreError)
      expect(error).toMatchObject({ code: 'full', message: expect.stringMatching(/no space left/) as unknown })
      return accepted
    }
  }
}

function fillUp(file: string): void {
  try {
    for (;;) appendFileSync(file, Buffer.alloc(4096))
  } catch {
    // That was all there is.
  }
}

describe('a disk without space', () => {
  const whereMounted = itUnless(canMount() ? undefined : 'mounting a small disk takes Linux, and root')
  whereMounted(
    'refuses new events with a reason, keeps what it accepted, and goes on by itself when space returns',
    () =>
      withSmallDisk((folder) =>
        withSandbox({}, async (sandbox) => {
          const options = { apiKey: 'sandbox-key', endpoint: sandbox.url, store: join(folder, 'store.db') }
          const forwarder = await createForwarder({ ...options, flushIntervalMs: 3_600_000, batchSize: 100 })
          try {
            const first = await forwarder.accept(events(50))
            fillUp(join(folder, 'filler'))
            const accepted = first.accepted + (await acceptUntilFull(forwarder))
            expect((await forwarder.books()).intake.accepted).toBe(accepted)
            await expect(forwarder.store.tryToWrite()).rejects.toMatchObject({ code: 'full' })

            rmSync(join(folder, 'filler'))
            await forwarder.store.tryToWrite()
            const later = await forwarder.accept(events(50))
            expect(await forwarder.untilSettled({ giveUpAfterMs: 10_000 })).toBe('settled')
            const books = await forwarder.books()
            expectBalanced(books)
            expect(books.events).toMatchObject({ delivered: accepted + later.accepted, failed: 0 })
            expect(sandbox.users.size).toBe(accepted + later.accepted)
          } finally {
            await forwarder.close()
          }
        })
      )
  )

  whereMounted('loses nothing that was acknowledged when the program is killed while it is full', () =>
    withSmallDisk((folder) =>
      withDesk(async ({ run, start, sandbox }) => {
        const store = join(folder, 'store.db')
        const input = ndjson(events(20_000))
        sandbox.setFaults({ latencyMs: 60_000 })
        const forward = start(['forward', '-', '--store', store, '--give-up-after', '20s'], { input })
        await forward.says(
          /no space left to write to .*free some disk space and try again; nothing that was accepted is lost/
        )
        forward.kill('SIGKILL')
        await forward.end
        const before = await readBooks(store)
        expectBalanced(before)
        expect(before.intake.accepted).toBeGreaterThan(0)
        expect(before.intake.accepted).toBeLessThan(20_000)

        sandbox.setFaults({ latencyMs: 0 })
        execFileSync('mount', ['-o', 'remount,size=60m', folder])
        const { code, json } = await run(['forward', '-', '--store', store, '--json'], { input })
        expect(code).toBe(0)
        expect(json()).toMatchObject({ duplicates: before.intake.accepted, failed: 0, pending: 0 })
        expect((await readBooks(store)).events.delivered).toBe(20_000)
        expect(sandbox.users.size).toBe(20_000)
      })
    )
  )
})
