import { expectRefused, identify, ndjson, readBooks, STORE, withDesk } from './desk.js'

const GOOD = ndjson([identify(1)])

describe('a configuration that cannot be used ends with 2 and one line', () => {
  it.each<[string, Record<string, string>, RegExp]>([
    ['no key', { DOPT_API_KEY: '' }, /^error: no API key: set DOPT_API_KEY/],
    ['a key with a line break', { DOPT_API_KEY: 'SECRET\n2' }, /^error: the API key contains invalid characters/],
    [
      'an endpoint that is no address',
      { DOPT_ENDPOINT: 'users.dopt.com' },
      /^error: the endpoint must be an http or https address/
    ],
    [
      'a number out of range',
      { DOPT_BATCH_SIZE: '101' },
      /^error: DOPT_BATCH_SIZE must be a whole number from 1 to 100, not 101$/
    ],
    ['a duration without sense', { DOPT_RETRY_WINDOW: 'soon' }, /^error: DOPT_RETRY_WINDOW: "soon" is not a duration/],
    [
      'a duration out of range',
      { DOPT_CALL_TIMEOUT: '11m' },
      /^error: DOPT_CALL_TIMEOUT must be a duration from 1ms to 10m, not 11m$/
    ],
    [
      'milliseconds out of range',
      { DOPT_FLUSH_INTERVAL: '72h' },
      /^error: DOPT_FLUSH_INTERVAL must be milliseconds from 0 to 3600000, or a duration such as 2s, not 72h$/
    ],
    [
      'a store without room',
      { DOPT_MAX_STORE_BYTES: '0' },
      /^error: DOPT_MAX_STORE_BYTES must be a size above 0, such as /
    ],
    [
      'an endpoint with blanks',
      { DOPT_ENDPOINT: 'http://127.0.0.1:1 ' },
      /^error: the endpoint must be an http or https address without spaces, such as /
    ],
    ['a size without sense', { DOPT_MAX_STORE_BYTES: '-1' }, /^error: DOPT_MAX_STORE_BYTES: "-1" is negative/],
    ['an API generation that there is not', { DOPT_API: 'v3' }, /^error: DOPT_API must be bulk or batch, not v3$/],
    ['an unknown log level', { DOPT_LOG_LEVEL: 'loud' }, /^error: DOPT_LOG_LEVEL must be silent, fatal, /]
  ])('%s', (_, env, line) =>
    withDesk(async ({ run, path }) => {
      const result = await run(['forward', '-', '--json'], { env, input: GOOD })

      expectRefused(result, line)
      expect(result.stderr).not.toContain('SECRET')
      await expect(readBooks(path(STORE))).rejects.toThrow('there is no store')
    })
  )

  it.each<[string[], RegExp]>([
    [['forward', '--batch-size', '1e9'], /^error: --batch-size must be a whole number from 1 to 100, not 1e9$/],
    [['forward', ''], /^error: a file name is empty: give one, or - for standard input$/],
    [['forward', '--nonsense'], /^error: unknown option '--nonsense': see --help$/],
    [
      ['check', '--apikey=SECRET'],
      /^error: unknown option '--apikey…' \(Did you mean --api-key\?\)$|^error: unknown option '--apikey…': see --help$/
    ],
    [['check', '--api-keySECRET'], /^error: unknown option '--api-key…'/],
    [['serve', '--writekey=SECRET'], /^error: unknown option '--writekey…'/],
    [['check', '--api-kye=SECRET\r'], /^error: unknown option '--api-kye…'/],
    [['check', '--api-kye SECRET'], /^error: unknown option '--api-kye…'/],
    [['check', '-kSECRET'], /^error: unknown option '-k…'/],
    [['serve', '--write-keySECRET'], /^error: unknown option '--write-key…'/],
    [['forward', '--opt\u001b[31m'], /^error: unknown option '--opt…': see --help$/],
    [['forward', '--accept-onyl'], /^error: unknown option '--accept-onyl' \(Did you mean --accept-only\?\)$/],
    [['forwrd'], /^error: unknown command 'forwrd' \(Did you mean forward\?\)$/],
    [['show'], /^error: missing required argument 'id': see --help$/],
    [['status', 'x'], /^error: too many arguments/],
    [['forward', '--give-up-after', '0'], /^error: --give-up-after must be a duration above 0, such as 30s, /],
    [['prune', '--older-than', '30'], /^error: --older-than: "30" has no unit: write it like 500ms, 30s, /],
    [['batches', '--since', 'tomorrow'], /^error: --since: "tomorrow" is not a time: /],
    [['batches', '--state', 'lost'], /^error: --state must be sending, retrying, /]
  ])('%j', (args, line) =>
    withDesk(async ({ run, write }) => {
      write('e.ndjson', GOOD)
      expectRefused(await run(args), line)
    })
  )

  it.each<[string, string, RegExp]>([
    ['is not JSON', '{\n"batchSize": 10,\n}', /^error: the config file c\.json is not valid JSON, line 3: /],
    [
      'holds a key that there is not',
      '{"batchsize": 10}',
      // Each of them once.
      /^error: c\.json: unknown setting "batchsize"; the settings are adminToken, api, apiKey, batchSize, callTimeout, /
    ],
    ['holds a flag of one run', '{"json": true}', /^error: c\.json: unknown setting "json"/],
    [
      'holds a wrong value',
      '{"concurrency": "many"}',
      /^error: "concurrency" in c\.json must be a whole number from 1 to 256, not many$/
    ],
    ['holds no object', '[]', /^error: the config file c\.json must contain one JSON object/]
  ])('a file that %s', (_, content, line) =>
    withDesk(async ({ run, write }) => {
      write('c.json', content)
      expectRefused(await run(['forward', '-', '--config', 'c.json'], { input: GOOD }), line)
    })
  )

  it('a file that does not exist', () =>
    withDesk(async ({ run }) => {
      expectRefused(await run(['status', '--config', 'c.json']), /^error: the config file c\.json does not exist/)
    }))
})
