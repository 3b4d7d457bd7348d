import { expectBalanced } from '../helpers/expect-balanced.js'
import { identify, ndjson, withDesk } from '../cli/desk.js'
import { until } from './until.js'

// Real processes, killed at moments of chance on machines that may be busy: once more tells a slow machine from a defect.
jest.retryTimes(1, { logErrorsBeforeRetry: true })

/** The program's own deadline for the calls in flight, and some time for it to end. */
const DEADLINE_MS = 10_000
const MARGIN_MS = 4_000

const users = ndjson(Array.from({ length: 200 }, (_, number) => identify(number)))

describe('a program that is told to end in the middle of its calls', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('waits at %s for the calls in flight and records them', (signal) =>
    withDesk(
      async ({ start, sandbox, books }) => {
        const forward = start(['forward', '-', '--batch-size', '10'], { input: users, holdInput: true })
        await until(() => sandbox.users.size >= 40, 'four calls')
        forward.kill(signal)
        expect((await forward.end).code).toBe(130)
        const after = await books()
        expectBalanced(after)
        expect(after.events).toMatchObject({ sending: 0, retrying: 0, failed: 0, delivered: sandbox.users.size })
        expect(after.intake.accepted).toBe(200)
      },
      { latencyMs: 200 }
    )
  )

  it('cuts calls short that are not answered by its deadline, and has lost nothing', () =>
    withDesk(
      async ({ start, run, sandbox, books }) => {
        const forward = start(['forward', '-', '--batch-size', '10'], { input: users, holdInput: true })
        await until(() => sandbox.users.size >= 40, 'four calls')
        const toldAt = Date.now()
        forward.kill('SIGTERM')
        expect((await forward.end).code).toBe(130)
        const took = Date.now() - toldAt
        expect(took).toBeGreaterThan(DEADLINE_MS / 2)
        expect(took).toBeLessThan(DEADLINE_MS + MARGIN_MS)
        const { events } = await books()
        expect(events.delivered + events.failed).toBe(0)

        sandbox.setFaults({ latencyMs: 0 })
        expect((await run(['forward', '-'])).code).toBe(0)
        expect((await books()).events).toMatchObject({ delivered: 200, pending: 0, sending: 0, retrying: 0 })
      },
      { latencyMs: 60_000 }
    ))

  it.each(['SIGTERM', 'SIGINT'] as const)('ends at once at a second %s', (signal) =>
    withDesk(
      async ({ start, run, sandbox, books }) => {
        const forward = start(['forward', '-', '--batch-size', '10'], { input: users, holdInput: true })
        await until(() => sandbox.users.size >= 40, 'four calls')
        forward.kill(signal)
        await forward.says(/a second signal stops at once/)
        const toldAt = Date.now()
        forward.kill(signal)
        expect((await forward.end).code).toBe(130)
        expect(Date.now() - toldAt).toBeLessThan(2000)

        sandbox.setFaults({ latencyMs: 0 })
        expect((await run(['forward', '-'])).code).toBe(0)
        expect((await books()).events).toMatchObject({ delivered: 200, pending: 0, sending: 0, retrying: 0 })
      },
      { latencyMs: 60_000 }
    )
  )
})
