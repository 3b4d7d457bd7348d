import crypto from 'node:crypto'
import { Admission } from '../../../src/intake/http/admission.js'
import { resolveHttpOptions, type HttpIntakeOptions } from '../../../src/intake/http/options.js'
import { Secrets } from '../../../src/intake/http/secret.js'
import { isSigned } from '../../../src/intake/http/signature.js'
import { ConfigurationError } from '../../../src/options.js'

describe('the options of the intake', () => {
  it.each(['0.0.0.0', '::', '192.0.2.1', 'example.com', '', '127.example.com', '::ffff:10.0.0.1'])(
    'do not let everybody in: %p needs a key or a secret',
    (host) => {
      expect(() => resolveHttpOptions({ host })).toThrow(ConfigurationError)
      expect(() => resolveHttpOptions({ host })).toThrow(/--write-key.*--shared-secret.*127\.0\.0\.1/)
      expect(resolveHttpOptions({ host, writeKeys: ['key'] }).host).toBe(host)
      expect(resolveHttpOptions({ host, sharedSecret: 'secret' }).host).toBe(host)
      expect(() => resolveHttpOptions({ host, adminToken: 'token' })).toThrow(ConfigurationError)
    }
  )

  it.each(['127.0.0.1', '127.8.9.1', '::1', 'localhost', 'LOCALHOST', '::ffff:127.0.0.1'])(
    'let this machine in without: %s',
    (host) => {
      expect(resolveHttpOptions({ host }).host).toBe(host)
    }
  )

  it.each<[HttpIntakeOptions, RegExp]>([
    [{ writeKeys: ['key', ''] }, /write key is empty/],
    [{ sharedSecret: '' }, /shared secret is empty/],
    [{ adminToken: '' }, /admin token is empty/],
    [{ port: 65_536 }, /^--port must be a whole number from 0 to 65535, not 65536$/],
    [{ maxEventBytes: 1.5 }, /^--max-event-bytes must be a whole number of bytes from 1024 to /],
    [{ maxConnections: 0 }, /^--max-connections must be a whole number from 1 to /],
    [{ headersTimeoutMs: 0 }, /^--headers-timeout must be a whole number of milliseconds from 1 to /],
    [
      { maxBatchBytes: 2048 },
      /^--max-batch-bytes must not be below --max-event-bytes: an event has to fit into a batch/
    ],
    [{ publicUrl: 'events.example.com' }, /^--public-url must be .* such as https:/],
    [{ publicUrl: 'ftp://example.com' }, /^--public-url/],
    [{ publicUrl: 'https://user:secret@example.com' }, /^--public-url/],
    [{ allowFirstEventSignature: true, writeKeys: ['key'] }, /^--allow-first-event-signature needs --shared-secret/]
  ])('refuse what cannot work: %j', (options, message) => {
    expect(() => resolveHttpOptions(options)).toThrow(ConfigurationError)
    expect(() => resolveHttpOptions(options)).toThrow(message)
  })

  it("have Segment's limits by default, also where undefined is given", () => {
    expect(resolveHttpOptions({ maxEventBytes: undefined })).toMatchObject({
      ...{ host: '127.0.0.1', port: 8787 },
      ...{ maxEventBytes: 32 * 1024, maxBatchBytes: 500 * 1024, maxBatchEvents: 2500 }
    })
  })
})

describe('secrets', () => {
  it('are told from others of any length', () => {
    const secrets = new Secrets(['one', 'two'])
    expect(['one', 'two', 'three', '', 'on', 'onee'].map((text) => secrets.has(text))).toEqual([
      ...[true, true],
      ...[false, false, false, false]
    ])
    expect(new Secrets([]).has('')).toBe(false)
  })

  it('are all compared, right or wrong, in a time that tells nothing', () => {
    const compare = jest.spyOn(crypto, 'timingSafeEqual')
    const secrets = new Secrets(['one', 'two', 'three'])
    for (const given of ['one', 'three', 'four']) {
      compare.mockClear()
      secrets.has(given)
      expect(compare).toHaveBeenCalledTimes(3)
    }
  })

  it('sign what is compared in such a time as well', () => {
    const compare = jest.spyOn(crypto, 'timingSafeEqual')
    expect(isSigned(Buffer.from('{}'), '0'.repeat(40), 'secret')).toBe(false)
    expect(compare).toHaveBeenCalledTimes(1)
  })
})

describe('admission', () => {
  it('lets in as much as there is room for, and takes back the room that was given back, once', () => {
    const admission = new Admission(100)
    const [first, second, third] = [admission.room(), admission.room(), admission.room()]
    first.take(50)
    second.take(40)
    first.take(10)
    expect(() => third.take(1)).toThrow(/: retry$/)
    first.release()
    first.release()
    third.take(60)
    expect(() => second.take(1)).toThrow()
  })

  it('lets in one body however large', () => {
    const admission = new Admission(100)
    const [large, small] = [admission.room(), admission.room()]
    large.take(1000)
    large.take(1000)
    expect(() => small.take(1)).toThrow()
    large.release()
    small.take(1)
  })
})
