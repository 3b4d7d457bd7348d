import { identify, ndjson, withDesk, type Desk } from './desk.js'

interface BatchList {
  batches: Array<{ id: number; state: string }>
}

async function batchIn(desk: Desk, state: string): Promise<number> {
  const { batches } = (await desk.run(['batches', '--json', '--state', state])).json() as unknown as BatchList
  return batches[0]?.id ?? 0
}

describe('show', () => {
  it('shows the details of a failed batch: its origin, what was sent, the response, what to do', () =>
    withDesk(
      async (desk) => {
        await desk.run(['forward', '-'], { input: ndjson([identify(1), identify(2, { traits: { plan: 'pro' } })]) })
        const id = await batchIn(desk, 'failed')
        const parent = await batchIn(desk, 'split')

        const page = await desk.run(['show', String(id)])
        const document = (await desk.run(['show', String(id), '--json'])).json()

        expect(page.code).toBe(0)
        expect(page.stdout).toMatch(/state +failed\n/)
        expect(page.stdout).toMatch(new RegExp(`split from +batch ${parent}\\n`))
        expect(page.stdout).toMatch(/response +400 invalid_request_error a user of this call is not acceptable/)
        expect(page.stdout).toContain(`replay it with: dopt-destination replay --batch ${id}\n`)
        expect(page.stdout).toMatch(/Sent\nuser +properties\nu2 +\{"plan":"pro"\}\n/)
        expect(document).toMatchObject({
          ...{ kind: 'batch', id, state: 'failed', parent, children: [], lastStatus: 400 },
          sent: [{ user: 'u2', properties: { plan: 'pro' } }],
          cameIn: [{ messageId: 'm2', user: 'u2', state: 'failed', properties: { plan: 'pro' } }],
          calls: [{ attempt: 1, status: 400 }]
        })
        expect((await desk.run(['show', String(parent)])).stdout).toMatch(
          /split into +batch \d+ \(\w+\), batch \d+ \(\w+\)/
        )
      },
      { rejectUsers: ['u2'] }
    ))

  it('does not show values as sent that newer events had delivered before', () =>
    withDesk(async ({ run }) => {
      await run(['forward', '-'], { input: ndjson([identify(9, { userId: 'u', traits: { plan: 'new' } })]) })
      await run(['forward', '-'], { input: ndjson([identify(1, { userId: 'u', traits: { plan: 'old', age: 7 } })]) })

      const document = (await run(['show', '2', '--json'])).json()
      expect(document['sent']).toEqual([{ user: 'u', properties: { age: 7 } }])
      expect(document).toMatchObject({ cameIn: [{ properties: { plan: 'old', age: 7 } }] })
    }))

  it('shows no response of Dopt if nothing was sent or nothing was answered', () =>
    withDesk(async ({ run, sandbox }) => {
      await run(['forward', '-'], { input: ndjson([identify(9, { userId: 'u', traits: { plan: 'new' } })]) })
      await run(['forward', '-'], { input: ndjson([identify(1, { userId: 'u', traits: { plan: 'old' } })]) })
      expect(sandbox.stats.calls).toBe(1)
      const overtaken = (await run(['show', '2'])).stdout
      expect(overtaken).toMatch(/^next +nothing: there was nothing left to send$/m)
      expect(overtaken).toMatch(/^Not sent\n/m)

      const away = { DOPT_ENDPOINT: 'http://127.0.0.1:1' }
      await run(['forward', '-', '--give-up-after', '50ms'], { input: ndjson([identify(2)]), env: away })
      const unanswered = (await run(['show', '3'])).stdout
      expect(unanswered).toMatch(/^error +network_error cannot reach /m)
      expect(unanswered).not.toMatch(/^response /m)
    }))

  it('shows a call whose key was refused, though it counts as no attempt', () =>
    withDesk(async ({ run }) => {
      await run(['forward', '-', '--api-key', 'not-the-key'], { input: ndjson([identify(1)]) })
      const { calls, attempts } = (await run(['show', '1', '--json'])).json() as { calls: object[]; attempts: number }
      expect([attempts, calls]).toEqual([0, [expect.objectContaining({ attempt: 1, status: 401 })]])
      expect((await run(['show', '1'])).stdout).toMatch(/Unsuccessful calls\n.*\n +1 +.* 401 +unauthorized_error/)
    }))

  it('says when a waiting batch is retried, and with which attempt', () =>
    withDesk(
      async ({ run, env }) => {
        const input = ndjson([identify(1)])
        await run(['forward', '-', '--give-up-after', '50ms'], { input, env })

        const { stdout } = await run(['show', '1'])

        expect(stdout).toMatch(/state +retrying\n/)
        expect(stdout).toMatch(/next +attempt \d+: /)
        expect(stdout).toMatch(/To be sent\n/)
        expect(stdout).toMatch(/Unsuccessful calls\nattempt +when +status +code +error\n +\d+ +.*503/)
      },
      { failRate: 1, failStatus: 503 }
    ))

  it('shows the details of a message, also one whose id is a number', () =>
    withDesk(async ({ run }) => {
      await run(['forward', '-'], {
        input: ndjson([
          identify(1, { userId: 'u', traits: { a: 1, b: 1 } }),
          identify(2, { userId: 'u', messageId: '777', traits: { a: 2 } }),
          identify(3, { userId: 'u', traits: { a: 3 } })
        ])
      })

      const first = await run(['show', 'm1'])
      const second = (await run(['show', '777', '--json'])).json()

      expect(first.stdout).toMatch(/user +u\nstate +delivered\n/)
      expect(first.stdout).toMatch(/Received\n {2}a +1\n {2}b +1\n/)
      expect(first.stdout).toMatch(/Sent for this user in batch 1\n {2}a +3\n {2}b +1\n/)
      expect(second).toMatchObject({
        ...{ kind: 'message', messageId: '777', state: 'superseded', supersededBy: 'm3', batch: 1 },
        ...{ properties: { a: 2 }, sent: { a: 3, b: 1 }, inBatch: { id: 1, state: 'delivered' } }
      })
    }))

  it('shows the batch if a message has the same id, says so, and shows the message on request', () =>
    withDesk(async ({ run }) => {
      await run(['forward', '-'], { input: ndjson([identify(1, { messageId: '1' })]) })

      const batch = await run(['show', '1'])
      const message = await run(['show', '1', '--message', '--json'])
      const none = await run(['show', '2', '--message'])

      expect(batch.stdout).toMatch(/^batch +1\n/)
      expect(batch.stderr).toBe('there is also a message 1: see "dopt-destination show --message 1"\n')
      expect(message.json()).toMatchObject({ kind: 'message', messageId: '1' })
      expect(message.stderr).toBe('')
      expect(none).toMatchObject({ code: 1, stdout: '' })
      expect(none.stderr).toMatch(/has no message 2\n$/)
      expect((await run(['show', '1', '--message', '--user'])).code).toBe(2)
    }))

  it('says that a pending message will be sent in one of the next calls', () =>
    withDesk(async ({ run }) => {
      await run(['forward', '-', '--accept-only'], { input: ndjson([identify(1)]) })

      expect((await run(['show', 'm1'])).stdout).toMatch(
        /state +pending\n[^]*next +it will be sent in one of the next calls$/m
      )
    }))

  it('shows the details of a user: events, newest first, and the values that Dopt has', () =>
    withDesk(
      async ({ run }) => {
        const input = ndjson([
          identify(5, { userId: 'u', traits: { a: 5 } }),
          identify(6, { userId: 'bad id', traits: { a: 6 } }),
          identify(4, { userId: 'u', traits: { a: 4, b: 4 } })
        ])
        await run(['forward', '-'], { input })

        expect((await run(['show', '--user', 'u', '--json'])).json()).toMatchObject({
          ...{ kind: 'user', user: 'u', total: 2, delivered: { a: 5, b: 4 } },
          events: [
            { messageId: 'm5', state: 'delivered' },
            { messageId: 'm4', state: 'delivered' }
          ]
        })
        const { stdout } = await run(['show', '--user', 'bad id'])
        expect(stdout).toMatch(/events +1 failed\n/)
        expect(stdout).toContain("replay --user 'bad id'\n")
      },
      { rejectUsers: ['bad id'] }
    ))

  it('shows the content of an event without letting it control the terminal', () =>
    withDesk(async ({ run }) => {
      const evil = '\u001b]0;owned\u0007\u202e\nx'
      const input = ndjson([identify(1, { userId: evil, messageId: 'e', traits: { [evil]: evil } })])
      await run(['forward', '-'], { input })

      for (const args of [
        ['show', 'e'],
        ['show', '1'],
        ['show', '--user', evil]
      ]) {
        const { code, stdout } = await run(args)
        expect(code).toBe(0)
        expect([...stdout].filter((character) => '\u001b\u0007\u202e'.includes(character))).toEqual([])
        expect(stdout).toContain('owned')
      }
    }))

  it.each([
    [
      ['show', '99'],
      /^error: \.\/dopt-destination\.db has no batch or message 99; for a user add --user, for a group --group; ignored events are not stored\n$/
    ],
    [['show', '--user', 'nobody'], /^error: \.\/dopt-destination\.db has no events of the user nobody\n$/]
  ])('%j ends with 1 and one line when there is no such thing', (args, line) =>
    withDesk(async ({ run }) => {
      await run(['forward', '-', '--accept-only'], { input: ndjson([identify(1)]) })

      const { code, stdout, stderr } = await run(args)

      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(line)
    })
  )

  it('shows why a message was rejected, its source and its content', () =>
    withDesk(async ({ run }) => {
      const event = identify(7, { traits: 'text' })
      const input = ndjson([7, identify(6, { traits: 1 }), event, { ...event, sentAt: '2026-01-02T00:00:00Z' }])
      await run(['forward', '--accept-only', '-'], { input })

      const { code, stdout } = await run(['show', 'm7'])
      expect(code).toBe(0)
      expect(stdout).toMatch(
        /^message +m7\nstate +rejected\nreason +traits is a string, not an object\nsource +\S+:4\n/
      )
      expect(stdout).toMatch(/received +2 times; this is the last\n/)
      expect(stdout).toMatch(/next .*dopt-destination replay --rejected\n/)
      expect(stdout).toContain('"traits":"text"')
      const document = (await run(['show', 'm7', '--json'])).json()
      expect(document).toMatchObject({ kind: 'rejection', messageId: 'm7', state: 'rejected', times: 2 })
    }))

  it('cuts long values, and says that --json shows all of them', () =>
    withDesk(async ({ run }) => {
      const long = 'x'.repeat(4000)
      const input = ndjson([identify(1, { traits: { long } }), identify(2, { messageId: 'bad', traits: long })])
      await run(['forward', '-'], { input })

      const cut = /"x{1900,1999}… \(4,\d{3} characters; --json shows all\)$/gm
      for (const [args, times] of [
        [['show', 'm1'], 2],
        [['show', '--user', 'u1'], 1],
        [['show', 'bad'], 1]
      ] as const) {
        const { stdout } = await run(args)
        expect(stdout.match(cut) ?? []).toHaveLength(times)
        expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThan(2100)
        expect((await run([...args, '--json'])).stdout).toContain(long)
      }
    }))
})
