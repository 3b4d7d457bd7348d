import { createServer as createRawServer } from 'node:net'
import { getEventListeners } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { bodyOf, portOf, withServer } from '../helpers/with-server.js'
import { ANN, BEN, expectWithoutKey, KEY, withClient } from './with-client.js'

function answerOk(_request: IncomingMessage, response: ServerResponse): void {
  response.end('{"count":1}')
}

describe('a connection', () => {
  it('carries the key in a header and the users in the body', async () => {
    const seen: unknown[] = []
    const note = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const { method, url, headers } = request
      seen.push({
        method,
        url,
        key: headers['x-api-key'],
        length: headers['content-length'],
        body: await bodyOf(request)
      })
      response.end('{"count":2}')
    }
    await withServer(
      (request, response) => void note(request, response),
      ({ url }) => withClient({ endpoint: url }, (client) => client.identifyMany([ANN, BEN]))
    )
    const body = '[{"__dopt_identifier":"ann","plan":"pro"},{"__dopt_identifier":"ben/?%"}]'
    expect(seen).toEqual([{ method: 'POST', url: '/identify/bulk', key: KEY, length: String(body.length), body }])
  })

  it('asks for no compression, so that an answer cannot grow on arrival', async () => {
    const encodings: unknown[] = []
    const note = (request: IncomingMessage, response: ServerResponse): void => {
      encodings.push(request.headers['accept-encoding'])
      response.end('{"count":1}')
    }
    await withServer(note, ({ url }) => withClient({ endpoint: url }, (client) => client.identifyMany([ANN])))
    expect(encodings).toEqual([undefined])
  })

  it('is used again for the next call', async () => {
    await withServer(answerOk, async ({ url, connections }) => {
      await withClient({ endpoint: url }, async (client) => {
        for (let call = 0; call < 5; call++) await client.identifyMany([ANN])
      })
      expect(connections).toHaveLength(1)
    })
  })

  it('is one of at most maxSockets', async () => {
    await withServer(answerOk, async ({ url, connections }) => {
      await withClient({ endpoint: url, maxSockets: 2 }, async (client) => {
        await Promise.all(Array.from({ length: 8 }, () => client.identifyMany([ANN])))
      })
      expect(connections.length).toBeLessThanOrEqual(2)
    })
  })

  it('is not followed to another host, which never sees a call nor the key', async () => {
    let calls = 0
    const count = (_request: IncomingMessage, response: ServerResponse): void => {
      calls++
      response.end('{"count":1}')
    }
    await withServer(count, async (other) => {
      for (const status of [301, 302, 303, 307, 308]) {
        const redirect = (_request: IncomingMessage, response: ServerResponse): void => {
          response.writeHead(status, { location: `${other.url}/identify/bulk` }).end()
        }
        const result = await withServer(redirect, ({ url }) =>
          withClient({ endpoint: url }, (client) => client.identifyMany([ANN]))
        )
        expect(result).toMatchObject({ outcome: 'misdirected', status })
      }
    })
    expect(calls).toBe(0)
  })

  it('that nobody takes is trouble that may pass', async () => {
    const endpoint = await withServer(answerOk, async ({ url }) => url)
    const result = await withClient({ endpoint }, (client) => client.identifyMany([ANN]))
    expect(result).toMatchObject({
      outcome: 'retry',
      status: undefined,
      code: 'network_error',
      retryAfterMs: undefined
    })
    expect(result.message).toContain('ECONNREFUSED')
    expectWithoutKey(result)
  })

  it('to a host that has no address is trouble that may pass', async () => {
    const result = await withClient({ endpoint: 'http://dopt.invalid' }, (client) => client.identifyMany([ANN]))
    expect(result).toMatchObject({ outcome: 'retry', status: undefined, code: 'network_error' })
  })

  it('that is not answered in time is given up', async () => {
    await withServer(
      () => undefined,
      async ({ url }) => {
        const options = { endpoint: url, requestTimeoutMs: 60 }
        const result = await withClient(options, (client) => client.identifyMany([ANN]))
        expect(result).toMatchObject({ outcome: 'retry', status: undefined, code: 'timeout' })
        expectWithoutKey(result)
      }
    )
  })

  it('whose answer trickles without end is given up in the same time', async () => {
    const trickle = (_request: IncomingMessage, response: ServerResponse): void => {
      response.writeHead(200)
      const timer = setInterval(() => response.write(' '), 10)
      response.once('close', () => clearInterval(timer))
    }
    await withServer(trickle, async ({ url }) => {
      const options = { endpoint: url, requestTimeoutMs: 80 }
      const result = await withClient(options, (client) => client.identifyMany([ANN]))
      expect(result).toMatchObject({ outcome: 'retry', code: 'timeout' })
    })
  })

  it('is cut where an answer is longer than any of Dopt', async () => {
    let sent = 0
    const pour = (_request: IncomingMessage, response: ServerResponse): void => {
      const chunk = Buffer.alloc(16 * 1024, ' ')
      const more = (): void => {
        while (!response.destroyed && sent < 500_000_000) {
          sent += chunk.length
          if (!response.write(chunk)) return void response.once('drain', more)
        }
      }
      more()
    }
    await withServer(pour, async ({ url }) => {
      const result = await withClient({ endpoint: url }, (client) => client.identifyMany([ANN]))
      expect(result).toMatchObject({ outcome: 'retry', code: 'answer_too_large' })
    })
    // What the sockets between held, not what the server would have sent.
    expect(sent).toBeLessThan(20_000_000)
  })

  it.each([
    ['before an answer', ''],
    ['in the middle of the head', 'HTTP/1.1 200 OK\r\ncontent-'],
    ['in the middle of the body', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"count":1'],
    ['after what is not HTTP', 'SSH-2.0-OpenSSH\r\n\r\n']
  ])('that is dropped %s is trouble that may pass', async (_when, text) => {
    const server = createRawServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.end(text))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const endpoint = `http://127.0.0.1:${portOf(server)}`
      const result = await withClient({ endpoint }, (client) => client.identifyMany([ANN]))
      expect(result).toMatchObject({ outcome: 'retry', code: 'network_error' })
      expectWithoutKey(result)
    } finally {
      server.close()
    }
  })

  it('repeats the key in no message of its own, even where the status line holds it', async () => {
    const shout = (_request: IncomingMessage, response: ServerResponse): void => {
      response.writeHead(500, `bad key ${KEY}`).end()
    }
    await withServer(shout, async ({ url }) => {
      expectWithoutKey(await withClient({ endpoint: url }, (client) => client.identifyMany([ANN])))
    })
  })
})

describe('a signal', () => {
  it('cuts a call short, and the result says so', async () => {
    const abort = new AbortController()
    await withServer(
      () => abort.abort(),
      async ({ url }) => {
        const result = await withClient({ endpoint: url }, (client) => client.identifyMany([ANN], abort.signal))
        expect(result).toMatchObject({ outcome: 'retry', status: undefined, code: 'aborted' })
      }
    )
  })

  it('that has been given before the call keeps it from going out', async () => {
    await withServer(answerOk, async ({ url, connections }) => {
      const signal = AbortSignal.abort()
      const result = await withClient({ endpoint: url }, (client) => client.identifyMany([ANN], signal))
      expect(result).toMatchObject({ outcome: 'retry', code: 'aborted' })
      expect(connections).toHaveLength(0)
    })
  })

  it('is not held on to by calls that are over', async () => {
    const { signal } = new AbortController()
    await withServer(answerOk, async ({ url }) => {
      await withClient({ endpoint: url }, async (client) => {
        for (let call = 0; call < 20; call++) await client.identifyMany([ANN], signal)
      })
    })
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})

describe('a client that is closed', () => {
  it('ends the connections that it kept', async () => {
    await withServer(answerOk, async ({ url, connections }) => {
      await withClient({ endpoint: url }, (client) => client.identifyMany([ANN]))
      const [socket] = connections
      if (socket !== undefined && !socket.destroyed) await new Promise((resolve) => socket.once('close', resolve))
      expect(socket?.destroyed).toBe(true)
    })
  })
})
