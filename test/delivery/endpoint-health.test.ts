import { EndpointHealth } from '../../src/delivery/endpoint-health.js'
import type { CallResult } from '../../src/dopt/call-result.js'
import type { EndpointRecord } from '../../src/store/store.js'

function bench(concurrency = 8) {
  let now = 1000
  const changes: EndpointRecord[] = []
  const health = new EndpointHealth({
    concurrency,
    backoff: { baseMs: 500, maxMs: 60_000 },
    keyProbeMs: 30_000,
    now: () => now,
    random: () => 1,
    onChange: (record) => changes.push(record)
  })
  const take = (fields: Partial<CallResult>, startedAt = now): void =>
    health.take(
      {
        outcome: 'retry',
        status: undefined,
        code: undefined,
        message: undefined,
        retryAfterMs: undefined,
        durationMs: 1,
        ...fields
      },
      startedAt
    )
  return { health, changes, take, pass: (ms: number) => (now += ms), now: () => now }
}

const OK = { outcome: 'delivered', status: 200 } as const

test('all slots are open while all is well', () => {
  const { health } = bench(8)
  expect(health.slots(0)).toBe(8)
  expect(health.slots(5)).toBe(3)
  expect(health.nextProbeAt).toBeUndefined()
})

test('two failures in a row are the batches own affair, the third is the endpoint’s', () => {
  const { health, take } = bench()
  take({ status: 500 })
  take({ status: 500 })
  expect(health.state).toBe('ok')
  take(OK)
  take({ status: 500 })
  take({ status: 500 })
  expect(health.state).toBe('ok')
  take({ status: 500 })
  expect(health.state).toBe('backing-off')
})

test('while backing off one probe goes out when its time has come and nothing else is in flight', () => {
  const { health, take, pass } = bench()
  for (let failure = 0; failure < 3; failure++) take({ status: 503 })
  expect(health.slots(0)).toBe(0)
  pass(500)
  expect(health.slots(1)).toBe(0)
  expect(health.slots(0)).toBe(1)
  take({ status: 503 })
  pass(500)
  expect(health.slots(0)).toBe(0)
  pass(500)
  expect(health.slots(0)).toBe(1)
})

test('failures of calls from before the trouble do not move the probe away', () => {
  const { health, take, pass } = bench()
  const before = 1000
  pass(10)
  for (let failure = 0; failure < 3; failure++) take({ status: 503 }, before)
  const probeAt = health.nextProbeAt
  take({ status: 503 }, before)
  take({ status: 503 }, before)
  expect(health.nextProbeAt).toBe(probeAt)
})

test('recovery ramps up from one call at a time', () => {
  const { health, take, pass } = bench(8)
  for (let failure = 0; failure < 3; failure++) take({ status: 503 })
  pass(1000)
  const limits: number[] = []
  for (let success = 0; success < 40; success++) {
    take(OK)
    limits.push(health.slots(0))
  }
  expect(limits[0]).toBe(1)
  expect(limits[1]).toBe(2)
  expect(limits).toEqual([...limits].sort((a, b) => a - b))
  expect(limits.at(-1)).toBe(8)
  expect(limits.indexOf(8)).toBeGreaterThan(20)
})

test('a 429 halves the calls in flight, successes win them back', () => {
  const { health, take } = bench(8)
  take({ status: 429 })
  expect(health.slots(0)).toBe(4)
  for (let success = 0; success < 4; success++) take(OK)
  expect(health.slots(0)).toBe(5)
})

test('an answer that names a Retry-After is obeyed at once', () => {
  const { health, take, pass } = bench()
  take({ status: 429, retryAfterMs: 20_000 })
  expect(health.state).toBe('backing-off')
  pass(19_999)
  expect(health.slots(0)).toBe(0)
  pass(1)
  expect(health.slots(0)).toBe(1)
})

test('a Retry-After is obeyed also if its call was in flight when others failed', () => {
  const { health, take, pass, changes, now } = bench()
  const before = now()
  pass(10)
  for (let failure = 0; failure < 3; failure++) take({ status: 503 }, before)
  take({ status: 429, retryAfterMs: 20_000 }, before)
  expect(health.nextProbeAt).toBe(now() + 20_000)
  expect(changes.at(-1)?.nextProbeAt).toBe(now() + 20_000)
  take({ status: 429, retryAfterMs: 10_000 }, before)
  expect(health.nextProbeAt).toBe(now() + 20_000)
})

test('a probe that fails while a Retry-After runs does not shorten it, nor does one that succeeds', () => {
  const { health, take, pass, now } = bench()
  const before = now()
  pass(10)
  for (let failure = 0; failure < 3; failure++) take({ status: 503 }, before)
  pass(500)
  const probe = now()
  take({ status: 429, retryAfterMs: 20_000 }, before)
  const end = now() + 20_000
  take({ status: 503 }, probe)
  expect(health.nextProbeAt).toBe(end)
  take(OK, probe)
  for (let failure = 0; failure < 3; failure++) take({ status: 503 })
  expect(health.nextProbeAt).toBe(end)
})

test.each(['before', 'after'])('a key that is refused %s a Retry-After is not checked before that is over', (order) => {
  const { health, take, pass, now } = bench()
  const started = now()
  pass(10)
  const floor = now() + 60_000
  const steps = [
    () => take({ status: 429, retryAfterMs: 60_000 }, started),
    () => take({ outcome: 'pause', status: 401 }, started)
  ]
  for (const step of order === 'before' ? steps.reverse() : steps) step()
  expect(health.state).toBe('key-refused')
  expect(health.nextProbeAt).toBe(floor)
  expect(health.isKeyCheckDue).toBe(false)
})

test('a refused key stops every call, and trouble of calls in flight does not change that', () => {
  const { health, take, changes } = bench()
  take({ outcome: 'pause', status: 401, code: 'unauthorized_error', message: 'bad key' })
  expect(health.slots(0)).toBe(0)
  take({ status: 503 })
  expect(health.state).toBe('key-refused')
  expect(health.nextProbeAt).toBe(31_000)
  take(OK)
  expect(health.state).toBe('ok')
  expect(health.slots(0)).toBe(1)
  expect(changes.map(({ state, lastError }) => [state, lastError])).toEqual([
    ['key-refused', '401 unauthorized_error bad key'],
    ['ok', '401 unauthorized_error']
  ])
})

test('a call cut short by shutdown says nothing about the endpoint', () => {
  const { health, take } = bench()
  for (let cut = 0; cut < 5; cut++) take({ code: 'aborted' })
  expect(health.state).toBe('ok')
})

test('a code of Dopt’s that looks like ours for a shutdown is trouble like any other', () => {
  const { health, take } = bench()
  for (let failure = 0; failure < 3; failure++) take({ status: 503, code: 'aborted' })
  expect(health.state).toBe('backing-off')
})

test('probes of a refused key that meet an outage keep their distance, and that which the answer asks for', () => {
  const { health, take, pass, now } = bench()
  take({ outcome: 'pause', status: 401 })
  pass(30_000)
  take({ status: 503 })
  expect(health.state).toBe('key-refused')
  expect(health.nextProbeAt).toBe(now() + 30_000)
  pass(30_000)
  take({ status: 429, retryAfterMs: 90_000 })
  expect(health.nextProbeAt).toBe(now() + 90_000)
})

test.each([
  ['a Retry-After', { status: 429, retryAfterMs: 60_000 }, 'backing-off'],
  ['a refused key', { outcome: 'pause', status: 401 }, 'key-refused']
] as const)('a call that was in flight when there came %s and succeeds does not end it', (_what, trouble, state) => {
  const { health, take, pass, now } = bench()
  const before = now()
  pass(100)
  take(trouble)
  pass(50)
  take(OK, before)
  expect(health.state).toBe(state)
  pass(60_000)
  take(OK)
  expect(health.state).toBe('ok')
})

test('after a success an outage begins with the shortest pause again', () => {
  const { health, take, pass, now } = bench()
  for (let failure = 0; failure < 9; failure++) {
    take({ status: 503 })
    if (failure >= 2) pass(60_000)
  }
  take(OK)
  for (let failure = 0; failure < 3; failure++) take({ status: 503 })
  expect(health.nextProbeAt).toBe(now() + 500)
})

test('a call that was in flight when the key was refused, and fails, does not put the probe of the key off', () => {
  const { health, take, pass, now } = bench()
  const before = now()
  pass(10)
  take({ outcome: 'pause', status: 401 })
  pass(10)
  take({ status: 503 }, before)
  expect(health.nextProbeAt).toBe(before + 10 + 30_000)
})

test('once trouble is over, of Dopt’s words no code stays that may be somebody’s data', () => {
  const { changes, take, pass } = bench()
  take({ outcome: 'pause', status: 401, code: 'ada@example.com is bad', message: 'no' })
  pass(10)
  take(OK)
  expect(changes.at(-1)).toMatchObject({ state: 'ok' })
  expect(changes.at(-1)?.lastError).not.toContain('ada')
})
