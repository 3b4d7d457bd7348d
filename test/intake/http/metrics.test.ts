import { createForwarder } from '../../../src/forwarder.js'
import { startIntake } from '../../../src/intake/http/listen.js'
import { kindOfRejection, REJECTION_KINDS } from '../../../src/intake/http/rejection-kinds.js'
import { startSandbox } from '../../../src/sandbox/index.js'
import { withTempDir } from '../../helpers/temp-dir.js'
import { identify, withIntake } from './with-intake.js'

/** `name{labels}` → value, of what is not zero. */
function read(text: unknown): Record<string, number> {
  const lines = String(text)
    .split('\n')
    .filter((line) => line.startsWith('dopt_') && !/_bucket\{|_sum|_bytes/.test(line))
    .map((line) => {
      const space = line.lastIndexOf(' ')
      return [line.slice(0, space).replace('dopt_', ''), Number(line.slice(space + 1))] as const
    })
  return Object.fromEntries(lines.filter(([, value]) => value !== 0))
}

describe('the metrics', () => {
  it('count what came in', async () => {
    await withIntake({}, async ({ post, get }) => {
      const event = identify()
      await post('/v1/batch', {
        batch: [
          event,
          event,
          identify(),
          1,
          identify({ traits: 1 }),
          identify({ type: 'track' }),
          identify({ userId: '' })
        ]
      })
      await post('/v1/identify', identify({ integrations: { All: false } }))
      await post('/v1/identify', '{')
      await get('/v1/nothing/user-17')

      const answer = await get('/metrics')
      expect(answer.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/)
      expect(read(answer.body)).toEqual({
        events_accepted_total: 2,
        events_duplicate_total: 1,
        'events_rejected_total{reason="not_an_object"}': 1,
        'events_rejected_total{reason="traits"}': 1,
        'events_ignored_total{reason="type"}': 1,
        'events_ignored_total{reason="integrations"}': 1,
        'events_ignored_total{reason="no-identifier"}': 1,
        'queue_events{state="pending"}': 2,
        oldest_pending_age_seconds: expect.any(Number) as number,
        rejections_kept: 2,
        'endpoint_state{state="ok"}': 1,
        'http_requests_total{route="/v1/batch",status="200"}': 1,
        'http_requests_total{route="/v1/identify",status="200"}': 1,
        'http_requests_total{route="/v1/identify",status="400"}': 1,
        'http_requests_total{route="none",status="404"}': 1,
        'http_refused_total{code="invalid_json"}': 1,
        'http_refused_total{code="not_found"}': 1,
        http_request_duration_seconds_count: 3
      })
    })
  })

  it('count what became of it', async () => {
    await withTempDir(async (dir) => {
      const sandbox = await startSandbox({ port: 0, rejectUsers: ['refused'] })
      const options = { endpoint: sandbox.url, apiKey: 'sandbox-key', store: `${dir}/store.db`, flushIntervalMs: 0 }
      const forwarder = await createForwarder(options)
      const intake = await startIntake({ forwarder, readStatus: () => forwarder.books() }, { port: 0 })
      try {
        const batch = [identify(), identify({ userId: 'refused' })]
        await fetch(`${intake.url}/v1/batch`, { method: 'POST', body: JSON.stringify({ batch }) })
        await forwarder.untilSettled({ giveUpAfterMs: 5000 })

        expect(read(await (await fetch(`${intake.url}/metrics`)).text())).toMatchObject({
          events_accepted_total: 2,
          events_delivered_total: 1,
          events_failed_total: 1,
          failed_events: 1,
          'calls_total{result="split"}': 1,
          'calls_total{result="delivered"}': 1,
          'calls_total{result="failed"}': 1,
          call_duration_seconds_count: 3
        })
      } finally {
        await intake.close()
        await forwarder.close()
        await sandbox.close()
      }
    })
  })
})

describe('what metrics call a rejection', () => {
  it('is fixed for all that the intake and the translation reject', async () => {
    await withIntake({ maxEventBytes: 1024 }, async ({ post, forwarder }) => {
      const deep = `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`
      const text = `{"batch":[1,{"userId":"u"},{"type":"identify","traits":2},{"type":"identify","userId":{"a":1}},
        {"type":"identify","a":"${'x'.repeat(1100)}"},{"type":"identify","traits":${deep}}`
      await post('/v1/batch', `${text}]}`)
      await post('/v1/batch', Buffer.concat([Buffer.from(`${text},{"a":"`), Buffer.from([0xff]), Buffer.from('"}]}')]))

      const reasons = (await forwarder.store.rejections(0, 100)).map(({ reason }) => reason)
      expect([...new Set(reasons.map(kindOfRejection))].sort()).toEqual([...REJECTION_KINDS].sort())
    })
  })
})
