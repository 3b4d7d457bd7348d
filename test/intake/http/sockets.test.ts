import { once } from 'node:events'
import http from 'node:http'
import { gzipSync } from 'node:zlib'
import { until } from '../../faults/until.js'
import { exchange, open, readToEnd } from './raw-socket.js'
import { identify, withListeningIntake } from './with-intake.js'

interface Answer {
  status: number
  headers: http.IncomingHttpHeaders
  body: unknown
  /** Whether the connection had been used before. */
  reused: boolean
}

const POST_HEADERS = { 'content-type': 'application/json' }

/** Posts over a real connection, chunked where no length is given; `write` gets to write the body as it likes. */
function post(
  url: string,
  write: (request: http.ClientRequest) => void,
  options: { headers?: Record<string, string | number>; agent?: http.Agent } = {}
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method: 'POST', ...options, headers: { ...POST_HEADERS, ...options.headers } })
    request.on('error', reject)
    request.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => (text += part))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: JSON.parse(text) as unknown,
          reused: request.reusedSocket
        })
      )
    })
    write(request)
  })
}

/** How many connections were refused, as Prometheus is told; 0 while there are still too many to be told. */
async function refused(url: string): Promise<number> {
  const text = await exchange(url, 'GET /metrics HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n')
  const [, count = '0'] = /^dopt_http_connections_refused_total (\d+)$/m.exec(text) ?? []
  return Number(count)
}

describe('over a real connection', () => {
  it('takes bodies of known length and chunked, plain and compressed', async () => {
    await withListeningIntake({}, async ({ url }, forwarder) => {
      const text = JSON.stringify({ batch: [identify()] })
      const chunked = await post(`${url}/v1/batch`, (request) => {
        for (const character of text) request.write(character)
        request.end()
      })
      const zipped = gzipSync(JSON.stringify({ batch: [identify()] }))
      const encoded = await post(
        `${url}/v1/import`,
        (request) => {
          request.write(zipped.subarray(0, 10))
          request.end(zipped.subarray(10))
        },
        { headers: { 'content-encoding': 'gzip' } }
      )
      const whole = JSON.stringify(identify())
      const known = await post(`${url}/v1/identify`, (request) => request.end(whole), {
        headers: { 'content-length': Buffer.byteLength(whole) }
      })

      for (const answer of [chunked, encoded, known])
        expect(answer).toMatchObject({ status: 200, body: { success: true } })
      expect((await forwarder.books()).intake.accepted).toBe(3)
    })
  })

  it('lets the client read why its body is too large, although it is still sending', async () => {
    await withListeningIntake({}, async ({ url }) => {
      const large = Buffer.alloc(3_000_000, ' ')
      for (const headers of [{}, { 'content-length': large.length }]) {
        const answer = await post(`${url}/v1/batch`, (request) => request.end(large), { headers })
        expect(answer).toMatchObject({ status: 400, body: { code: 'too_large' } })
      }
    })
  })

  it('stops a compressed bomb at the limit, without unpacking it', async () => {
    const bomb = gzipSync(Buffer.alloc(400_000_000, ' '))
    expect(bomb.length).toBeLessThan(500_000)
    await withListeningIntake({}, async ({ url }) => {
      const before = process.memoryUsage().rss
      const answers = await Promise.all(
        Array.from({ length: 4 }, () =>
          post(`${url}/v1/batch`, (request) => request.end(bomb), { headers: { 'content-encoding': 'gzip' } })
        )
      )
      for (const answer of answers) expect(answer).toMatchObject({ status: 400, body: { code: 'too_large' } })
      expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000)
    })
  })

  it('reads all headers of a request that has very many', async () => {
    await withListeningIntake({}, async ({ url }) => {
      const body = JSON.stringify(identify())
      const many = Array.from({ length: 1500 }, (_, n) => `x${n}: 1\r\n`).join('')
      const request = `POST /v1/identify HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${many}Content-Length: ${body.length}\r\n\r\n${body}`
      expect(await exchange(url, request)).toMatch(/^HTTP\/1\.1 200 /)
    })
  })

  it('answers many requests on one connection', async () => {
    await withListeningIntake({}, async ({ url }, forwarder) => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
      const reused: boolean[] = []
      try {
        for (let n = 0; n < 5; n++) {
          const answer = await post(`${url}/v1/identify`, (request) => request.end(JSON.stringify(identify())), {
            agent
          })
          reused.push(answer.reused)
        }
        expect(reused).toEqual([false, true, true, true, true])
        expect((await forwarder.books()).intake.accepted).toBe(5)
      } finally {
        agent.destroy()
      }
    })
  })

  it('does not let slow clients hold up others, and ends them when their time is over', async () => {
    const timeouts = { headersTimeoutMs: 100, requestTimeoutMs: 100 }
    await withListeningIntake(timeouts, async ({ url }) => {
      const head = 'POST /v1/identify HTTP/1.1\r\nhost: 127.0.0.1\r\n'
      const slow = [exchange(url, head), exchange(url, `${head}content-length: 100\r\n\r\n{"type":`)]

      const started = performance.now()
      const answer = await post(`${url}/v1/identify`, (request) => request.end(JSON.stringify(identify())))
      expect(answer.status).toBe(200)
      expect(performance.now() - started).toBeLessThan(500)

      for (const text of await Promise.all(slow)) {
        expect(text).toMatch(/^HTTP\/1\.1 408 /)
        expect(text).toMatch(/\{"code":"incomplete","message":"the request took too long"\}$/)
      }
    })
  })

  it('accepts no more connections than it may, and counts the others', async () => {
    await withListeningIntake({ maxConnections: 2 }, async ({ url }) => {
      const kept = [await open(url), await open(url)]
      const third = await open(url)
      expect(await readToEnd(third)).toBe('')
      for (const socket of kept) socket.destroy()
      await until(async () => (await refused(url)) > 0, 'the refused connection to be counted')
    })
  })

  it('tells clients how long they may leave a connection idle', async () => {
    await withListeningIntake({ keepAliveTimeoutMs: 33_000 }, async ({ url }) => {
      const agent = new http.Agent({ keepAlive: true })
      const { headers } = await post(`${url}/v1/i`, (request) => request.end(JSON.stringify(identify())), { agent })
      agent.destroy()
      expect(headers['keep-alive']).toMatch(/^timeout=33\b/)
    })
  })

  it.each([
    ['no HTTP', 'hello\r\n\r\n', /^HTTP\/1\.1 400 .*\{"code":"bad_request"/s],
    ['endless headers', `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n`, /^HTTP\/1\.1 431 .*\{"code":"too_large"/s],
    [
      'two lengths',
      'POST /v1/i HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}',
      /^HTTP\/1\.1 400 /
    ],
    [
      'a length and chunks',
      'POST /v1/i HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      /^HTTP\/1\.1 400 /
    ]
  ])('answers %s with an error', async (_what, sent, expected) => {
    await withListeningIntake({}, async ({ url }) => {
      expect(await exchange(url, sent)).toMatch(expected)
    })
  })

  it('is not troubled by a client that goes away in the middle', async () => {
    await withListeningIntake({ maxBytesInFlight: 2000 }, async ({ url }) => {
      for (let n = 0; n < 5; n++) {
        const socket = await open(url)
        socket.write('POST /v1/identify HTTP/1.1\r\nhost: x\r\ncontent-length: 1500\r\n\r\n{"type":')
        await new Promise((resolve) => setTimeout(resolve, 10))
        socket.resetAndDestroy()
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      // The room that those took is free again.
      const answer = await post(`${url}/v1/identify`, (request) => request.end(JSON.stringify(identify())))
      expect(answer.status).toBe(200)
    })
  })
})

describe('a connection that breaks with requests under way', () => {
  it('gives back the room that their bodies had, also of those that wait for others to be answered', async () => {
    await withListeningIntake({ maxBytesInFlight: 2_000_000, writeKeys: ['key'] }, async ({ url }) => {
      const chunked = 'POST /v1/batch HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'
      for (let connection = 0; connection < 5; connection++) {
        const socket = await open(url)
        socket.write(chunked.repeat(300), () => setTimeout(() => socket.resetAndDestroy(), 2 * connection))
        await once(socket, 'close')
      }
      const text = JSON.stringify({ writeKey: 'key', batch: [identify()] })
      const send = async (): Promise<Answer> => post(`${url}/v1/batch`, (request) => request.end(text))
      await until(async () => (await send()).status === 200, 'room for a batch')
      // Each of them counts as one of the largest: as many as there is room for.
      const answers = await Promise.all(Array.from({ length: 3 }, send))
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    })
  })
})

describe('closing', () => {
  it('does not wait for connections that have asked for nothing yet', async () => {
    await withListeningIntake({}, async (intake) => {
      const silent = await open(intake.url)
      const half = await open(intake.url)
      half.write('GET /healthz HTTP/1.1\r\nhost:')
      await exchange(intake.url, 'GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
      const ends = [once(silent, 'close'), once(half, 'close')]
      const startedAt = Date.now()
      await intake.close({ deadlineMs: 20_000 })
      await Promise.all(ends)
      expect(Date.now() - startedAt).toBeLessThan(5000)
    })
  })

  it('answers what is under way, then ends the connection', async () => {
    await withListeningIntake({}, async (intake, forwarder) => {
      const text = JSON.stringify(identify())
      const socket = await open(intake.url)
      socket.write(
        `POST /v1/identify HTTP/1.1\r\nhost: x\r\ncontent-length: ${text.length}\r\n\r\n${text.slice(0, 20)}`
      )
      await new Promise((resolve) => setTimeout(resolve, 20))

      const closed = intake.close({ deadlineMs: 5000 })
      socket.write(text.slice(20))

      expect(await readToEnd(socket)).toMatch(/^HTTP\/1\.1 200 .*connection: close.*\{"success":true\}$/is)
      await closed
      expect((await forwarder.books()).intake.accepted).toBe(1)
      await expect(post(intake.url, (request) => request.end())).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    })
  })

  it('refuses new requests on connections that were open, with the time to wait', async () => {
    await withListeningIntake({}, async (intake) => {
      const busy = await open(intake.url)
      busy.write('POST /v1/identify HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n')
      await new Promise((resolve) => setTimeout(resolve, 20))
      const closed = intake.close({ deadlineMs: 5000 })
      busy.write('{"a":"b"}POST /v1/identify HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}')
      expect(await readToEnd(busy)).toMatch(/connection: close/i)
      await closed
    })
  })

  it('cuts what does not end within its deadline', async () => {
    await withListeningIntake({}, async (intake) => {
      const socket = await open(intake.url)
      socket.write('POST /v1/identify HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{')
      await new Promise((resolve) => setTimeout(resolve, 20))
      await intake.close({ deadlineMs: 50 })
      expect(await readToEnd(socket)).not.toContain('200')
    })
  })

  it('leaves no idle connection open', async () => {
    await withListeningIntake({}, async (intake) => {
      const agent = new http.Agent({ keepAlive: true })
      await post(`${intake.url}/v1/identify`, (request) => request.end(JSON.stringify(identify())), { agent })
      // Longer than this test may take.
      await intake.close({ deadlineMs: 600_000 })
      agent.destroy()
    })
  })
})

describe('listening', () => {
  it('fails as the system says when the port is taken', async () => {
    await withListeningIntake({}, async ({ url }) => {
      const port = Number(new URL(url).port)
      await expect(withListeningIntake({ port }, async () => undefined)).rejects.toMatchObject({ code: 'EADDRINUSE' })
    })
  })

  it('is refused on an address that others reach, without a key', async () => {
    await expect(withListeningIntake({ host: '0.0.0.0' }, async () => undefined)).rejects.toThrow(/--write-key/)
  })
})
