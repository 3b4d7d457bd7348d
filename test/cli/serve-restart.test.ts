import { Analytics } from '@segment/analytics-node'
import { until } from '../faults/until.js'
import { usersOf, withDesk, STORE } from './desk.js'

const USERS = 120

describe("serve, with Segment's Node SDK before it", () => {
  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'loses nothing when it is ended with %s in the middle of traffic and started again',
    (signal) =>
      withDesk(async ({ start, sandbox, books }) => {
        const serve = async (port: string) => {
          const running = start(['serve', '--port', port, '--flush-interval', '20'])
          await running.says(/listening on http/)
          return { running, url: /http:\S+/.exec(running.stdout)?.[0] ?? '' }
        }
        const first = await serve('0')
        const analytics = new Analytics({ writeKey: 'key', host: first.url, flushAt: 3 })
        const failed: unknown[] = []
        const statuses: number[] = []
        analytics.on('error', ({ reason }) => failed.push(reason))
        analytics.on('http_response', ({ status }) => statuses.push(status))
        const identify = (n: number): void => analytics.identify({ userId: `user-${n}`, traits: { n } })

        for (let n = 0; n < USERS / 3; n++) identify(n)
        await until(() => statuses.length > 0, 'the first answer')
        for (let n = USERS / 3; n < (2 * USERS) / 3; n++) identify(n)
        await until(() => statuses.length > 3, 'more answers')
        first.running.kill(signal)
        for (let n = (2 * USERS) / 3; n < USERS; n++) identify(n)
        await first.running.end
        const second = await serve(new URL(first.url).port)
        await analytics.closeAndFlush({ timeout: 20_000 })

        expect(failed).toEqual([])
        await until(() => sandbox.users.size === USERS, 'all users in Dopt')
        expect(usersOf(sandbox)).toEqual(
          Object.fromEntries(Array.from({ length: USERS }, (_, n) => [`user-${n}`, { n }]))
        )
        second.running.kill('SIGTERM')
        await second.running.end
        // What was stored but not acknowledged before the exit was sent again: it counts once.
        const { intake, events } = await books(STORE)
        expect(intake.accepted).toBe(USERS)
        expect(events.delivered + events.superseded).toBe(USERS)
      })
  )
})
