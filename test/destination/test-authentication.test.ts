import { Destination } from '@segment/actions-core'
import nock from 'nock'
import { destination } from '../../src/destination/index.js'
import { acceptAll, closedAddress, SETTINGS, withServer } from './helpers.js'

const testAuthentication = (settings: object = {}) =>
  new Destination(destination).testAuthentication({ ...SETTINGS, ...settings })

afterEach(() => {
  expect(nock.isDone()).toBe(true)
  nock.cleanAll()
})

afterAll(() => nock.restore())

describe('testAuthentication', () => {
  test.each([
    ['bulk', '/identify/bulk'],
    ['batch', '/identify/batch']
  ])('sends nobody, with the key, to the %s endpoint', async (api, path) => {
    nock('https://users.dopt.com', { reqheaders: { 'x-api-key': SETTINGS.apiKey } })
      .post(path, '[]')
      .reply(200, { count: 0 })
    await expect(testAuthentication({ api })).resolves.toBeUndefined()
  })

  test.each([200, 204, 400, 404, 422, 429])('takes the key for accepted when Dopt answers %i', async (status) => {
    nock('https://users.dopt.com').post('/identify/bulk').reply(status)
    await expect(testAuthentication()).resolves.toBeUndefined()
  })

  test.each([401, 403])('says what to do about a key that is refused with %i, and does not name it', async (status) => {
    const details = `the key ${SETTINGS.apiKey} is unknown`
    nock('https://users.dopt.com').post('/identify/bulk').reply(status, { code: 'unauthorized_error', details })
    const message = await testAuthentication().catch(String)
    expect(message).toContain(`HTTP ${status}, unauthorized_error: the key [value] is unknown`)
    expect(message).toContain('Check the API Key setting')
    expect(message).not.toContain(SETTINGS.apiKey)
  })

  test.each([500, 503])('says that Dopt could not be reached when it answers %i', async (status) => {
    nock('https://users.dopt.com').post('/identify/bulk').reply(status, 'Oops')
    await expect(testAuthentication()).rejects.toThrow(`Could not reach Dopt (HTTP ${status})`)
  })

  test('says that Dopt could not be reached when there is no connection', async () => {
    await expect(testAuthentication({ endpoint: await closedAddress() })).rejects.toThrow(
      '(ECONNREFUSED). Check the Endpoint setting'
    )
  })

  test('does not follow a redirect, and asks to check the endpoint', async () => {
    await withServer(acceptAll, async (elsewhere, requestsElsewhere) => {
      await withServer(
        (response) => response.writeHead(307, { location: `${elsewhere}/identify/bulk` }).end(),
        async (endpoint, requests) => {
          await expect(testAuthentication({ endpoint })).rejects.toThrow('Check the Endpoint')
          expect(requests).toHaveLength(1)
          expect(requestsElsewhere).toHaveLength(0)
        }
      )
    })
  })

  test.each(['https://dopt.example/base/', 'https://dopt.example/base', ' https://dopt.example/base//\n'])(
    'accepts the endpoint %j',
    async (endpoint) => {
      nock('https://dopt.example').post('/base/identify/bulk').reply(200, { count: 0 })
      await expect(testAuthentication({ endpoint })).resolves.toBeUndefined()
    }
  )

  test.each([undefined, ''])('takes the default for the endpoint %j', async (endpoint) => {
    nock('https://users.dopt.com').post('/identify/bulk').reply(200, { count: 0 })
    await expect(testAuthentication({ endpoint })).resolves.toBeUndefined()
  })

  test.each([
    'users.dopt.com',
    'ftp://users.dopt.com',
    'javascript:alert(1)',
    'https://a:b@dopt.com',
    'https://a@dopt.com',
    'https://dopt.com/?a',
    'https://dopt.com/#a',
    'https://'
  ])('refuses the endpoint %j without a request', async (endpoint) => {
    await expect(testAuthentication({ endpoint })).rejects.toThrow(
      'The Endpoint setting must be an http or https address'
    )
  })

  test.each(['', ' \n', 'two\nlines', 'naïve ☃'])(
    'refuses the key %j without a request, and does not name it',
    async (apiKey) => {
      const message = await testAuthentication({ apiKey }).catch(String)
      expect(message).toContain('The API Key setting is empty or contains invalid characters')
      if (apiKey.trim() !== '') expect(message).not.toContain(apiKey)
    }
  )
})
