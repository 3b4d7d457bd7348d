import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { buildSandbox, startSandbox } from '../../src/sandbox/index.js'
import { caller, withSandbox } from './with-sandbox.js'

describe('the life of a sandbox', () => {
  it('listens on the loopback interface, on a free port of its own', async () => {
    await withSandbox({}, async (first) => {
      await withSandbox({}, async (second) => {
        expect(first.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
        expect(second.url).not.toBe(first.url)
      })
    })
  })

  it('takes the host, port and key that it is given', async () => {
    const probe = await startSandbox()
    const port = Number(new URL(probe.url).port)
    await probe.close()
    await withSandbox({ host: '0.0.0.0', port, apiKey: 'mine' }, async (sandbox, { post }) => {
      expect(sandbox.url).toBe(`http://127.0.0.1:${port}`)
      expect((await post('/identify/bulk', [], { 'x-api-key': 'mine' })).status).toBe(200)
    })
  })

  it('rejects when the port is taken', async () => {
    await withSandbox({}, async (sandbox) => {
      const port = Number(new URL(sandbox.url).port)
      await expect(startSandbox({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    })
  })

  it('serves many calls over one connection and offers to keep it for a minute or more', async () => {
    await withSandbox({}, async (sandbox) => {
      const { hostname, port } = new URL(sandbox.url)
      const socket = net.connect(Number(port), hostname)
      let text = ''
      socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      for (let call = 1; call <= 3; call++) {
        socket.write('POST /identify/bulk HTTP/1.1\r\nhost: x\r\nx-api-key: sandbox-key\r\n')
        socket.write('content-type: application/json\r\ncontent-length: 2\r\n\r\n[]')
        while (text.split('{"count":0}').length <= call) await once(socket, 'data')
      }
      socket.destroy()
      expect(Number(/keep-alive: timeout=(\d+)/i.exec(text)?.[1])).toBeGreaterThanOrEqual(60)
    })
  })

  it('close ends idle connections and calls under way at once, and may be asked twice', async () => {
    const sandbox = await startSandbox({ latencyMs: 60_000 })
    const agent = new http.Agent({ keepAlive: true })
    const { hostname, port } = new URL(sandbox.url)
    const idle = net.connect(Number(port), hostname)
    await once(idle, 'connect')
    const idleClosed = once(idle, 'close')
    const call = caller(sandbox.url, agent).post('/identify/ann', {})
    const broken = expect(call).rejects.toMatchObject({ code: 'ECONNRESET' })
    while (sandbox.users.size === 0) await new Promise((resolve) => setTimeout(resolve, 5))

    const started = performance.now()
    await Promise.all([sandbox.close(), sandbox.close()])
    await broken
    await idleClosed

    expect(performance.now() - started).toBeLessThan(1_000)
    await expect(caller(sandbox.url, agent).get('/__sandbox/stats')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    agent.destroy()
  })

  it('a client that goes away in the middle of a body leaves nothing behind', async () => {
    await withSandbox({}, async (sandbox, { post }) => {
      const { hostname, port } = new URL(sandbox.url)
      const socket = net.connect(Number(port), hostname)
      socket.write('POST /identify/ann HTTP/1.1\r\nhost: x\r\nx-api-key: sandbox-key\r\n')
      socket.write('content-type: application/json\r\ncontent-length: 100\r\n\r\n{"half":')
      await new Promise((resolve) => setTimeout(resolve, 20))
      socket.destroy()
      expect((await post('/identify/bob', {})).status).toBe(200)
      expect([...sandbox.users.keys()]).toEqual(['bob'])
    })
  })

  it('can be built without listening', async () => {
    const { app, state } = buildSandbox({ apiKey: 'k' })
    const headers = { 'x-api-key': 'k' }
    const answer = await app.inject({ method: 'POST', url: '/identify/ann', headers, payload: { plan: 'pro' } })
    expect(answer.statusCode).toBe(200)
    expect(state.users.get('ann')).toEqual({ plan: 'pro' })
    await app.close()
  })
})
