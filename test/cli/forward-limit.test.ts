import { foldUsers } from '../helpers/independent-fold.js'
import { identify, ndjson, usersOf, withDesk } from './desk.js'

describe('forward at the limit of the store', () => {
  // Less than the first chunk of events, but more than what remains about their users when they are removed.
  const limit = ['--max-store-bytes', '400kb']
  /** Every tenth is older than the one before it, of the same user, so that nothing of it is left to send. */
  const many = ndjson(
    Array.from({ length: 6000 }, (_, number) => {
      const isOlder = number % 10 === 9
      const traits = { pad: 'x'.repeat(200), number }
      return identify(number, isOlder ? { userId: `u${number - 1}`, timestamp: '2020-01-01', traits } : { traits })
    })
  )

  it('continues reading when deliveries have made space, and counts what was removed for that', () =>
    withDesk(async ({ run, sandbox, books }) => {
      const { code, json, errors } = await run(['forward', '--json', ...limit], { input: many })

      expect(errors()).toEqual([expect.stringMatching(/^the store is at its limit .*: reading waits/)])
      expect(code).toBe(0)
      expect(json()).toMatchObject({ received: 6000, accepted: 6000, delivered: 5400, superseded: 600 })
      expect(json()).toMatchObject({ failed: 0, pending: 0, users: 5400 })
      expect(sandbox.users.size).toBe(5400)
      expect((await books()).bytes).toBeLessThan(2_000_000)
    }))

  it('gives up when nothing is delivered any more, keeps everything, and the same command continues', () =>
    withDesk(
      async ({ run, sandbox, books }) => {
        const args = ['forward', '--json', '--give-up-after', '3s', ...limit]

        const { code, json, errors } = await run(args, { input: many })

        expect(code).toBe(1)
        const accepted = Number(json()['accepted'])
        expect(accepted).toBeGreaterThan(0)
        expect(accepted).toBeLessThan(6000)
        expect(json()).toMatchObject({ received: accepted, pending: accepted, delivered: 0 })
        expect(errors().filter((line) => !line.startsWith('Dopt answers'))).toEqual([
          expect.stringMatching(/^the store is at its limit /),
          expect.stringMatching(/^error: .* has reached its limit of 400\.0 KiB: raise --max-store-bytes, or wait /),
          expect.stringMatching(/^gave up after 3\.0 s .*: run the same command again to continue$/)
        ])
        // It waits once in total, not again for each chunk that was read ahead.
        expect(json()['durationMs']).toBeLessThan(5800)
        expect((await books()).intake.accepted).toBe(accepted)

        sandbox.setFaults({ failRate: 0 })
        const again = await run(['forward', '--json', ...limit], { input: many })
        expect(again.code).toBe(0)
        // Removed events are forgotten, and may be sent once more; that takes no user back to older values.
        expect(again.json()).toMatchObject({ received: 6000, rejected: 0, failed: 0, pending: 0 })
        expect(usersOf(sandbox)).toEqual(Object.fromEntries(foldUsers(many.split('\n'))))
      },
      { failRate: 1, failStatus: 503, retryAfterS: 0 }
    ))

  it('exits at once if nothing in the full store is left to deliver, and says how to make space', () =>
    withDesk(async ({ run }) => {
      const refused = Array.from({ length: 3000 }, (_, number) => ({ ...identify(number), traits: 'x'.repeat(200) }))
      await run(['forward', '--json', '--accept-only'], { input: ndjson(refused) })

      const { code, json, errors } = await run(['forward', '--json', ...limit], { input: ndjson([identify(1)]) })

      expect(code).toBe(1)
      expect(json()).toMatchObject({ received: 0, accepted: 0 })
      expect(errors().slice(1)).toEqual([
        'error: ./dopt-destination.db is at its limit, and nothing is left in it to deliver: raise --max-store-bytes, or remove what you no longer need with "dopt-destination prune --failed --rejected"'
      ])
    }))

  it('exits at once with --accept-only, which makes no space', () =>
    withDesk(async ({ run, books }) => {
      const { code, json, errors } = await run(['forward', '--accept-only', '--json', ...limit], { input: many })

      expect(code).toBe(1)
      expect(errors()).toEqual([
        expect.stringMatching(/^error: .* has reached its limit of 400\.0 KiB: raise --max-store-bytes, or wait /)
      ])
      expect(Number(json()['received'])).toBeLessThan(6000)
      expect(json()).toMatchObject({ pending: json()['received'] })
      expect((await books()).intake.accepted).toBe(json()['accepted'])
    }))
})
