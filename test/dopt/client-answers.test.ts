import nock from 'nock'
import type { Api } from '../../src/destination/index.js'
import { ANN, BEN, expectWithoutKey, KEY, withClient } from './with-client.js'

const HOST = 'http://dopt.test'

beforeAll(() => nock.disableNetConnect())
afterEach(() => nock.cleanAll())
afterAll(() => nock.restore())

/** What the client makes of one answer to a call with two users. */
async function resultOf(status: number, body: nock.Body = '', headers: nock.ReplyHeaders = {}) {
  nock(HOST).post('/identify/bulk').reply(status, body, headers)
  return withClient({}, (client) => client.identifyMany([ANN, BEN]))
}

const error = (code: string, details: string): { code: string; details: string } => ({ code, details })

describe('a call with many users', () => {
  it.each<[Api, string, unknown]>([
    ['bulk', '/identify/bulk', [{ __dopt_identifier: 'ann', plan: 'pro' }, { __dopt_identifier: 'ben/?%' }]],
    [
      'batch',
      '/identify/batch',
      [
        { identifier: 'ann', properties: { plan: 'pro' } },
        { identifier: 'ben/?%', properties: {} }
      ]
    ]
  ])('has the form of the generation %s', async (api, path, expected) => {
    const sent: unknown[] = []
    const scope = nock(HOST, { reqheaders: { 'x-api-key': KEY, 'content-type': 'application/json' } })
      .post(path, (body) => sent.push(body) > 0)
      .reply(200, { count: 2 })
    const result = await withClient({ api }, (client) => client.identifyMany([ANN, BEN]))
    expect(sent).toEqual([expected])
    expect(result).toMatchObject({ outcome: 'delivered', status: 200, code: undefined, message: undefined })
    expect(result.durationMs).toBeGreaterThanOrEqual(0)
    expect(scope.isDone()).toBe(true)
  })

  it.each([
    ['http://dopt.test/', '/identify/bulk'],
    ['http://dopt.test/eu/', '/eu/identify/bulk']
  ])('goes to the endpoint %s as it was given', async (endpoint, path) => {
    const scope = nock(HOST).post(path).reply(200, { count: 1 })
    await withClient({ endpoint }, (client) => client.identifyMany([ANN]))
    expect(scope.isDone()).toBe(true)
  })

  it.each([
    [400, 'split'],
    [401, 'pause'],
    [403, 'pause'],
    [404, 'misdirected'],
    [405, 'misdirected'],
    [408, 'retry'],
    [409, 'retry'],
    [413, 'split'],
    [418, 'reject'],
    [422, 'split'],
    [423, 'retry'],
    [425, 'retry'],
    [429, 'retry'],
    [500, 'retry'],
    [501, 'reject'],
    [502, 'retry'],
    [503, 'retry'],
    [504, 'retry']
  ])('that is answered with %i is a %s, in the words of Dopt', async (status, outcome) => {
    expect(await resultOf(status, error('a_code', 'what  is\nwrong'))).toMatchObject({
      outcome,
      status,
      code: 'a_code',
      message: 'what is wrong'
    })
  })

  it.each([
    ['fewer users than were sent', { count: 1 }, 'split', 'count_mismatch'],
    ['none', { count: 0 }, 'split', 'count_mismatch'],
    ['no number', {}, 'retry', 'unexpected_answer'],
    ['a number as text', { count: '2' }, 'retry', 'unexpected_answer'],
    ['half a user', { count: 1.5 }, 'retry', 'unexpected_answer'],
    ['fewer than none', { count: -1 }, 'retry', 'unexpected_answer'],
    ['nothing at all', '', 'retry', 'unexpected_answer'],
    ['a page', '<html><body>Welcome</body></html>', 'retry', 'unexpected_answer'],
    ['a list', [], 'retry', 'unexpected_answer']
  ])('whose success speaks of %s is not taken for a delivery', async (_what, body, outcome, code) => {
    const result = await resultOf(200, body)
    expect(result).toMatchObject({ outcome, status: 200, code })
    expect(result.message).toEqual(expect.any(String))
  })

  it('whose success speaks of more users than were sent is not understood, and so not a delivery', async () => {
    expect(await resultOf(200, { count: 3 })).toMatchObject({ outcome: 'retry', code: 'unexpected_answer' })
  })

  it('is as welcome with another status of success', async () => {
    expect(await resultOf(202, { count: 2 })).toMatchObject({ outcome: 'delivered', status: 202 })
  })

  it.each([
    ['a page', '<html><h1>Bad gateway</h1></html>'],
    ['nothing', ''],
    ['a list', '[1,2]'],
    ['null', 'null'],
    ['objects where texts should be', JSON.stringify({ code: { a: 1 }, details: [1] })]
  ])('that fails with %s for a body has no words of Dopt, and says what there is', async (_what, body) => {
    const result = await resultOf(502, body)
    expect(result).toMatchObject({ outcome: 'retry', status: 502, code: undefined })
    expect(result.message).toEqual(expect.any(String))
    expect(result.message).not.toContain('<')
  })

  it('keeps words short', async () => {
    const { code, message } = await resultOf(400, error('c'.repeat(5000), 'd'.repeat(5000)))
    expect(code?.length).toBeLessThanOrEqual(100)
    expect(message?.length).toBeLessThanOrEqual(500)
  })

  it.each([
    ['120', 120_000],
    ['0', 0],
    [' 7 ', 7000],
    ['1.5', 1500],
    [undefined, undefined],
    ['', undefined],
    ['soon', undefined],
    ['-5', undefined]
  ])('that is answered with Retry-After %j asks for a wait of %p ms', async (value, expected) => {
    const headers: nock.ReplyHeaders = value === undefined ? {} : { 'retry-after': value }
    expect((await resultOf(429, '', headers)).retryAfterMs).toBe(expected)
  })

  it('takes a date without a zone in Retry-After for GMT, wherever this machine is', async () => {
    const { TZ } = process.env
    process.env['TZ'] = 'America/New_York'
    try {
      const withoutZone = new Date(Date.now() + 90_000).toUTCString().replace(' GMT', '')
      const [weekday, day, month, year, time] = withoutZone.replace(',', '').split(' ')
      const asctime = `${weekday} ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`
      for (const date of [asctime, withoutZone]) {
        const { retryAfterMs } = await resultOf(503, '', { 'retry-after': date })
        expect(retryAfterMs).toBeGreaterThan(85_000)
        expect(retryAfterMs).toBeLessThanOrEqual(90_000)
      }
    } finally {
      process.env['TZ'] = TZ
    }
  })

  it('understands Retry-After as a date', async () => {
    const date = new Date(Date.now() + 90_000).toUTCString()
    const { retryAfterMs } = await resultOf(503, '', { 'retry-after': date })
    expect(retryAfterMs).toBeGreaterThan(85_000)
    expect(retryAfterMs).toBeLessThanOrEqual(90_000)
    expect((await resultOf(503, '', { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' })).retryAfterMs).toBe(0)
  })

  it.each(['9'.repeat(30), '9'.repeat(400), '99999999999999999', 'Fri, 31 Dec 275000 23:59:59 GMT'])(
    'makes a time that can be written down of Retry-After %s',
    async (value) => {
      const { retryAfterMs = 0 } = await resultOf(429, '', { 'retry-after': value })
      expect(Number.isSafeInteger(Date.now() + retryAfterMs)).toBe(true)
      expect(retryAfterMs).toBeGreaterThanOrEqual(0)
    }
  )
})

describe('the API key', () => {
  it.each([
    ['details', error('bad', `the key ${KEY} is bad`)],
    ['details, encoded', error('bad', `GET /?key=${encodeURIComponent(KEY)}`)],
    ['details, in JSON', error('bad', `sent ${JSON.stringify({ key: KEY })}`)],
    ['details, across the end of what is kept', error('bad', `${'x'.repeat(495)}${KEY}`)],
    ['the code', error(`bad_${KEY}`, 'bad')],
    ['the code, across the end of what is kept', error(`${'x'.repeat(92)}${KEY}`, 'bad')],
    ['many places', error(`${KEY}${KEY}`, `${KEY} ${KEY}`)]
  ])('is in no result, even where Dopt repeats it in %s', async (_where, body) => {
    for (const status of [400, 401, 500]) expectWithoutKey(await resultOf(status, body))
  })

  it('is in no result where a success is not understood', async () => {
    expectWithoutKey(await resultOf(200, `{"count":"${encodeURIComponent(KEY)}"}`))
    expectWithoutKey(await resultOf(200, { count: 1, key: KEY }))
  })

  it('does not lose its place in the header to a redirect', async () => {
    const other = nock('http://elsewhere.test').post('/identify/bulk').reply(200, { count: 2 })
    const result = await resultOf(307, '', { location: 'http://elsewhere.test/identify/bulk' })
    expect(result).toMatchObject({ outcome: 'misdirected', status: 307 })
    expect(result.message).toContain('redirected')
    expect(other.isDone()).toBe(false)
  })
})

describe('checkKey', () => {
  it.each([
    [200, { count: 0 }, 'delivered'],
    [200, '', 'delivered'],
    [200, 'OK', 'retry'],
    [400, 'Bad Request', 'retry'],
    [400, error('invalid_request_error', 'empty'), 'delivered'],
    [200, '<!doctype html>', 'retry'],
    [400, ' <html>', 'retry'],
    [413, '', 'delivered'],
    [422, '', 'delivered'],
    [418, '', 'delivered'],
    [401, error('unauthorized_error', 'no'), 'pause'],
    [403, '', 'pause'],
    [404, error('not_found_error', 'what?'), 'misdirected'],
    [302, '', 'misdirected'],
    [429, '', 'retry'],
    [500, error('internal_server_error', 'oh'), 'retry'],
    [501, '', 'reject'],
    [503, '', 'retry']
  ])('takes %i %j for: %s', async (status, body, outcome) => {
    for (const api of ['bulk', 'batch'] as const) {
      const sent: unknown[] = []
      nock(HOST, { reqheaders: { 'x-api-key': KEY } })
        .post(`/identify/${api}`, (value) => sent.push(value) > 0)
        .reply(status, body)
      expect(await withClient({ api }, (client) => client.checkKey())).toMatchObject({ outcome, status })
      expect(sent).toEqual([[]])
    }
  })

  it('says what is wrong in the words of Dopt', async () => {
    nock(HOST).post('/identify/bulk').reply(401, error('unauthorized_error', 'the key is revoked'))
    const result = await withClient({}, (client) => client.checkKey())
    expect(result).toMatchObject({ code: 'unauthorized_error', message: 'the key is revoked' })
  })
})
