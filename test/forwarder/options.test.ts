import { createForwarder } from '../../src/forwarder.js'
import { doptPlugin } from '../../src/intake/plugin/dopt-plugin.js'
import { ConfigurationError, DEFAULTS, resolveOptions, type ForwarderOptions } from '../../src/options.js'

const apiKey = 'the-key'

function refusal(options: ForwarderOptions): string {
  try {
    resolveOptions({ apiKey, ...options })
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError)
    return error instanceof Error ? error.message : ''
  }
  throw new Error(`taken: ${JSON.stringify(options)}`)
}

describe('resolveOptions', () => {
  it('fills in the defaults, and takes undefined for not given', () => {
    expect(resolveOptions({ apiKey })).toEqual({ ...DEFAULTS, apiKey })
    expect(resolveOptions({ apiKey, batchSize: undefined, endpoint: undefined })).toEqual({ ...DEFAULTS, apiKey })
  })

  it('keeps what is given, zero and false too, and does not change the object', () => {
    const given = Object.freeze({ apiKey, flushIntervalMs: 0, send: false, batchSize: 1, api: 'batch' as const })
    expect(resolveOptions(given)).toMatchObject(given)
  })

  it.each<[keyof ForwarderOptions, unknown[]]>([
    ['batchSize', [0, 101, 1.5, -1, NaN, Infinity]],
    ['flushIntervalMs', [-1, 0.5, NaN]],
    ['concurrency', [0, 257, 1.5]],
    ['retryWindowMs', [-1, NaN]],
    ['retryBaseMs', [-1]],
    ['retryMaxMs', [-1]],
    ['keyProbeMs', [0]],
    ['requestTimeoutMs', [0, 600_001]],
    ['maxBodyBytes', [1023, 0]],
    ['maxStoreBytes', [0, -1, NaN, 1.5]],
    ['maxCallsPerSecond', [0, -1, NaN]],
    ['retentionMs', [-1, NaN]]
  ])('refuses a %s that cannot work, and names it', (name, values) => {
    for (const value of values) expect(refusal({ [name]: value })).toContain(name)
  })

  it.each(['api', 'nestedProperties', 'synchronous'])('refuses another %s than there is', (name) => {
    expect(refusal({ [name]: 'other' })).toContain(name)
  })

  it.each([
    '',
    'users.dopt.com',
    'ftp://users.dopt.com',
    'http://',
    'https://a:b@users.dopt.com',
    'https://x/?key=1',
    'https://x/#y'
  ])('refuses the endpoint %j', (endpoint) => {
    expect(refusal({ endpoint })).toContain('endpoint')
  })

  it.each(['apikey', 'flushInterval', 'constructor'])(
    'refuses the option %s, which there is not, and names those',
    (name) => {
      expect(refusal({ [name]: 1 })).toMatch(`there is no option "${name}"; the options are api, apiKey, batchSize, `)
    }
  )

  it('takes every option that there is', () => {
    const logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} }
    const rest = { subscriptions: [], maxStoreBytes: 1e9, maxCallsPerSecond: 5, logger }
    expect(resolveOptions({ ...DEFAULTS, apiKey, ...rest })).toEqual({ ...DEFAULTS, apiKey, ...rest })
  })

  it('takes an endpoint with a path', () => {
    expect(resolveOptions({ apiKey, endpoint: 'http://localhost:8788/eu/' }).endpoint).toBe('http://localhost:8788/eu/')
  })

  it.each(['', ' ', 'a b', 'key\n', 'kéy', 'key\u0000'])('refuses the API key %j without repeating it', (given) => {
    const message = refusal({ apiKey: given })
    expect(message).toContain('API key')
    if (given.trim() !== '') expect(message).not.toContain(given)
  })

  it.each<[string, unknown]>([
    ['apiKey', 5],
    ['endpoint', new URL('http://localhost')],
    ['store', new URL('file:///x.db')],
    ['store', ' '],
    ['send', 'false'],
    ['logger', {}],
    ['logger', null],
    ['logger', { debug() {}, info() {}, warn: 'no' }]
  ])('refuses a %s of another type', (name, value) => {
    expect(refusal({ [name]: value })).toMatch(new RegExp(`^${name} must `))
  })

  it.each([null, 'key'])('refuses %j instead of options', async (options) => {
    const given = options as unknown as ForwarderOptions
    expect(() => resolveOptions(given)).toThrow('the options must be an object')
    await expect(createForwarder(given)).rejects.toMatchObject({ code: 'configuration' })
    expect(() => doptPlugin(given)).toThrow(ConfigurationError)
  })

  it('needs no API key where nothing is sent', () => {
    expect(resolveOptions({ send: false }).apiKey).toBe('')
    expect(() => resolveOptions({})).toThrow(ConfigurationError)
  })
})
