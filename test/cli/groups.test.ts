import type { Sandbox } from '../../src/sandbox/index.js'
import { expectBalanced } from '../helpers/expect-balanced.js'
import { GROUP_SUBSCRIPTIONS } from '../helpers/groups-config.js'
import { expectRefused, identify, ndjson, usersOf, withDesk, type Desk } from './desk.js'

/** A group event, one second after the one with the previous number. */
function group(number: number, groupId: string, more: Record<string, unknown> = {}) {
  return identify(number, { type: 'group', userId: undefined, groupId, messageId: `g${number}`, ...more })
}

function useGroups({ write }: Desk, api = 'batch'): void {
  write('dopt-destination.config.json', JSON.stringify({ api, subscriptions: GROUP_SUBSCRIPTIONS }))
}

function groupsOf({ groups }: Sandbox): unknown {
  return Object.fromEntries(groups)
}

function membershipsOf({ memberships }: Sandbox): unknown {
  return Object.fromEntries(Array.from(memberships, ([user, groups]) => [user, [...groups].sort()]))
}

describe('groups', () => {
  it('are delivered once, with the users who are in them', () =>
    withDesk(async (desk) => {
      useGroups(desk)
      const input = ndjson([
        group(1, 'acme', { traits: { plan: 'free', seats: 1 } }),
        group(2, 'acme', { userId: 'ann', traits: { plan: 'pro' } }),
        identify(3, { userId: 'bob', context: { groupId: 'acme', account: { city: 'Rome' } } }),
        identify(4, { userId: 'cho', context: { groupId: 'other' } }),
        identify(5, { userId: 'dan' }),
        group(6, '', { userId: 'eve' })
      ])

      const first = await desk.run(['forward', '-', '--json'], { input })
      const calls = desk.sandbox.stats.calls
      const second = await desk.run(['forward', '-'], { input })

      expect(first).toMatchObject({ code: 0, stderr: '' })
      expect(first.json()).toMatchObject({
        ...{ received: 6, accepted: 5, ignored: 1, ignoredReasons: { 'no-identifier': 1 } },
        ...{ delivered: 5, superseded: 0, failed: 0, pending: 0 }
      })
      expect(groupsOf(desk.sandbox)).toEqual({ acme: { plan: 'pro', seats: 1, city: 'Rome' }, other: {} })
      expect(membershipsOf(desk.sandbox)).toEqual({ ann: ['acme'], bob: ['acme'], cho: ['other'] })
      expect(usersOf(desk.sandbox)).toEqual({ ann: {}, bob: { number: 3 }, cho: { number: 4 }, dan: { number: 5 } })
      expect(desk.sandbox.stats.calls).toBe(calls)
      expect(second).toMatchObject({ code: 0 })
      expect(second.stdout).toMatch(/duplicates +5\n/)
      expect(first.json()['groups']).toBeGreaterThanOrEqual(1)
      expectBalanced(await desk.books())
    }))

  it('never go back to older values, whatever arrives late', () =>
    withDesk(async (desk) => {
      useGroups(desk)
      await desk.run(['forward', '-'], { input: ndjson([group(9, 'acme', { traits: { plan: 'new' } })]) })

      const late = ndjson([
        group(1, 'acme', { traits: { plan: 'old' } }),
        group(2, 'acme', { traits: { plan: 'old', n: 1 } })
      ])
      const { json } = await desk.run(['forward', '-', '--json'], { input: late })

      expect(json()).toMatchObject({ delivered: 1, superseded: 1, groups: 1 })
      expect(groupsOf(desk.sandbox)).toEqual({ acme: { plan: 'new', n: 1 } })
    }))

  it('affect nothing else when one of them is refused, and can be replayed', () =>
    withDesk(
      async (desk) => {
        useGroups(desk)
        const events = [
          group(1, 'bad', { userId: 'ann' }),
          group(2, 'good', { userId: 'bob' }),
          identify(3, { userId: 'cho', context: { groupId: 'bad' } }),
          identify(4, { userId: 'dan' })
        ]
        const { code, json, stderr } = await desk.run(['forward', '-', '--json'], { input: ndjson(events) })
        expect({ code, summary: json() }).toMatchObject({ code: 1, summary: { delivered: 2, failed: 2, pending: 0 } })
        expect(stderr).toContain('2 failed: see "dopt-destination batches --state failed"')
        expect(groupsOf(desk.sandbox)).toEqual({ good: { number: 2 } })
        expect(membershipsOf(desk.sandbox)).toEqual({ bob: ['good'] })
        expect((await desk.run(['batches', '--state', 'failed'])).stdout).toMatch(
          /failed +1 group +1 .* 400 +the group is/
        )
        const preview = await desk.run(['replay', '--failed', '--dry-run'])
        expect(preview.stdout).toBe('would replay 2 events of 1 user and 1 group from 2 failed batches\n')

        desk.sandbox.setFaults({ rejectGroups: [] })
        const one = await desk.run(['replay', '--group', 'bad', '--json'])
        expect(one).toMatchObject({ code: 0 })
        expect(one.json()).toMatchObject({ received: 1, delivered: 1, pending: 0 })
        const rest = await desk.run(['replay', '--failed', '--json'])

        expect(rest.json()).toMatchObject({ received: 1, delivered: 1, failed: 0, pending: 0, users: 1, groups: 0 })
        expect(groupsOf(desk.sandbox)).toEqual({ good: { number: 2 }, bad: { number: 1 } })
        expect(membershipsOf(desk.sandbox)).toEqual({ ann: ['bad'], bob: ['good'], cho: ['bad'] })
        expectBalanced(await desk.books())
      },
      { rejectGroups: ['bad'] }
    ))

  it('are refused at the start with the API that has none, with an error that names the setting', () =>
    withDesk(async (desk) => {
      useGroups(desk, 'bulk')
      const words = /^error: the subscription "Users" sends groups, which need api set to batch, but it is bulk: use/
      for (const args of [['forward', '-'], ['serve', '--port', '0'], ['preview']]) {
        expectRefused(await desk.run(args, { input: ndjson([group(1, 'acme')]) }), words)
      }
      const checked = await desk.run(['check'])
      expect(checked).toMatchObject({ code: 2 })
      expect(checked.stdout).toMatch(/^✗ configuration +the subscription "Users" sends groups/m)
      expect(desk.sandbox.stats.calls).toBe(0)
    }))

  it('that were stored with the other API fail with an error that says what to do, and the rest is sent', () =>
    withDesk(async (desk) => {
      useGroups(desk)
      const input = ndjson([group(1, 'acme'), identify(2, { context: { groupId: 'acme' } }), identify(3)])
      await desk.run(['forward', '-', '--accept-only'], { input })
      desk.write('dopt-destination.config.json', '{}')

      const { code, json } = await desk.run(['forward', '--json'], { input: '' })
      expect({ code, ...json() }).toMatchObject({ code: 1, calls: 1, users: 1, groups: 0 })
      expect(usersOf(desk.sandbox)).toEqual({ u3: { number: 3 } })
      expect((await desk.run(['batches', '--state', 'failed'])).stdout).toMatch(/groups need api set/)

      useGroups(desk)
      expect((await desk.run(['replay', '--failed', '--json'])).json()).toMatchObject({ delivered: 2, failed: 0 })
      expect(groupsOf(desk.sandbox)).toEqual({ acme: { number: 1 } })
      expect(membershipsOf(desk.sandbox)).toEqual({ u2: ['acme'] })
    }))

  it('are previewed call by call', () =>
    withDesk(async (desk) => {
      useGroups(desk)
      desk.write(
        'e.ndjson',
        ndjson([group(1, 'acme', { userId: 'ann' }), identify(2, { context: { groupId: 'acme' } })])
      )

      const page = await desk.run(['preview', 'e.ndjson'])
      const { json } = await desk.run(['preview', 'e.ndjson', '--json'])

      const member = { identifier: 'ann', properties: {}, groups: [{ identifier: 'acme', properties: {} }] }
      expect(page.stdout.split('\n')).toEqual([
        'e.ndjson:1  sent      POST /identify/group {"identifier":"acme","properties":{"number":1}}',
        `            then      POST /identify/batch ${JSON.stringify(member)}`,
        `e.ndjson:2  sent      POST /identify/batch ${JSON.stringify({ ...member, identifier: 'u2', properties: { number: 2 } })}`,
        '2 events: 2 would be sent, 0 ignored, 0 rejected',
        ''
      ])
      expect(json()['events']).toEqual([
        {
          ...{ source: 'e.ndjson:1', outcome: 'sent', messageId: 'g1', time: '2026-01-01T00:00:01.000Z' },
          ...{ group: 'acme', path: '/identify/group', entry: { identifier: 'acme', properties: { number: 1 } } },
          then: [{ user: 'ann', path: '/identify/batch', entry: member }]
        },
        expect.objectContaining({ user: 'u2', path: '/identify/batch' })
      ])
    }))
})

describe('show', () => {
  it('shows all parts of a message, and the state of each', () =>
    withDesk(
      async (desk) => {
        useGroups(desk)
        await desk.run(['forward', '-'], {
          input: ndjson([group(1, 'acme', { userId: 'ann', traits: { plan: 'pro' } })])
        })

        const { stdout } = await desk.run(['show', 'g1'])
        const { json } = await desk.run(['show', 'g1', '--json'])

        expect(stdout).toMatch(/^message +g1\nuser +ann\ngroups +acme\nstate +failed\n/)
        expect(stdout).toMatch(
          /Parts, in the order in which they are sent\nabout +state +batch +groups +properties\ngroup acme +delivered +1 +\{"plan":"pro"\}\nuser ann +failed +2 +acme +\{\}\n$/
        )
        expect(json()).toMatchObject({
          ...{
            kind: 'message',
            user: 'ann',
            groups: ['acme'],
            state: 'failed',
            batch: 2,
            inBatch: { users: 1, groups: 0 }
          },
          parts: [
            { group: 'acme', turn: 'over', state: 'delivered', properties: { plan: 'pro' } },
            { user: 'ann', turn: 'now', state: 'failed', groups: ['acme'] }
          ]
        })
      },
      { rejectUsers: ['ann'] }
    ))

  it('shows the details of a group, and the delivered groups of a user', () =>
    withDesk(async (desk) => {
      useGroups(desk)
      const input = ndjson([
        group(1, 'acme', { traits: { plan: 'free', seats: 1 } }),
        group(2, 'acme', { userId: 'ann', traits: { plan: 'pro' } }),
        identify(3, { userId: 'ann', context: { groupId: 'other' } })
      ])
      await desk.run(['forward', '-'], { input })

      const ofGroup = await desk.run(['show', '--group', 'acme', '--json'])
      expect(ofGroup.json()).toMatchObject({
        ...{ kind: 'group', group: 'acme', total: 2, delivered: { plan: 'pro', seats: 1 } },
        events: [{ messageId: 'g2', group: 'acme' }, { messageId: 'g1' }]
      })
      const ofUser = await desk.run(['show', '--user', 'ann'])
      expect(ofUser.stdout).toMatch(/^user +ann\ngroups +(acme, other|other, acme)\n/)
      expect((await desk.run(['show', '--user', 'ann', '--json'])).json()).toMatchObject({
        total: 2,
        delivered: { number: 3 }
      })
      expectRefused(
        await desk.run(['show', 'acme', '--user', '--group']),
        /^error: --user, --group and --message cannot be combined/
      )
      expect((await desk.run(['show', '--group', 'ann'])).stderr).toMatch(/has no events of the group ann\n$/)
    }))

  it('shows that a batch was never sent, and no response of Dopt', () =>
    withDesk(async (desk) => {
      useGroups(desk)
      await desk.run(['forward', '-', '--accept-only'], { input: ndjson([group(1, 'acme')]) })
      desk.write('dopt-destination.config.json', '{}')
      expect((await desk.run(['forward', '/dev/null'])).code).toBe(1)
      expect(desk.sandbox.stats.calls).toBe(0)

      for (const [id, heading] of [
        ['1', /^Not sent\n/m],
        ['g1', /^Not sent for this group in batch 1\n/m]
      ] as const) {
        const { stdout } = await desk.run(['show', id])
        expect(stdout).toMatch(heading)
        expect(stdout).toMatch(/^error +groups_need_batch groups need api set to batch, but it is bulk/m)
        expect(stdout).not.toMatch(/^response|^Unsuccessful calls/m)
      }
    }))

  it('shows the groups that a batch put its users into, or should have', () =>
    withDesk(async (desk) => {
      useGroups(desk)
      const input = ndjson([identify(1, { context: { groupId: 'acme' } }), identify(2)])
      await desk.run(['forward', '-'], { input })

      expect((await desk.run(['show', '1'])).stdout).toMatch(
        /Sent\nuser +groups +properties\nu1 +acme +\{"number":1\}\nu2 +\{/
      )
      expect((await desk.run(['show', '1', '--json'])).json()['sent']).toEqual([
        { user: 'u1', properties: { number: 1 }, groups: ['acme'] },
        { user: 'u2', properties: { number: 2 } }
      ])
      await desk.run(['forward', '-'], { input: ndjson([group(3, 'acme')]) })
      const shown = await desk.run(['show', '2'])
      expect(shown.stdout).toMatch(/^batch +2\nstate +delivered\ngroups +1\n/)
      expect(shown.stdout).toMatch(/Sent\ngroup +properties\nacme +\{"number":3\}\n/)
    }))
})

describe('forget', () => {
  it('removes a group, and leaves a user of the same name alone', () =>
    withDesk(async (desk) => {
      useGroups(desk)
      const input = ndjson([group(1, 'acme'), identify(2, { userId: 'acme' })])
      await desk.run(['forward', '-'], { input })

      expect((await desk.run(['forget', '--group', 'acme'])).stdout).toBe('removed 1 event\n')

      expect((await desk.run(['show', '--group', 'acme'])).code).toBe(1)
      expect((await desk.run(['show', '--user', 'acme'])).code).toBe(0)
      expect((await desk.run(['forget', '--group', 'acme'])).stdout).toBe('the store has nothing about that group\n')
      expectBalanced(await desk.books())
    }))
})
