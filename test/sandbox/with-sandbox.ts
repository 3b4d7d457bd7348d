import http from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { startSandbox } from '../../src/sandbox/index.js'
import type { Sandbox, SandboxOptions } from '../../src/sandbox/index.js'

export const KEY = 'sandbox-key'

/** Matches any string. */
export const someText: unknown = expect.any(String)

/** Matches any string that contains `part`. */
export function textWith(part: string): unknown {
  return expect.stringContaining(part)
}

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
  body: unknown
}

export interface Caller {
  /** Sends `body` as JSON, or as it is when it is a string, to exactly `path`: nothing normalises it on the way. */
  post: (path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>
  get: (path: string) => Promise<Answer>
}

/** Runs `use` against a sandbox on a free port, and ends the sandbox and every connection to it whatever happens. */
export async function withSandbox(
  options: SandboxOptions,
  use: (sandbox: Sandbox, call: Caller) => Promise<void>
): Promise<void> {
  const sandbox = await startSandbox(options)
  const agent = new http.Agent({ keepAlive: true })
  try {
    await use(sandbox, caller(sandbox.url, agent))
  } finally {
    agent.destroy()
    await sandbox.close()
  }
}

export function caller(url: string, agent: http.Agent): Caller {
  return {
    post: (path, body, headers) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body ?? {})
      return send(url, agent, 'POST', path, text, {
        'x-api-key': KEY,
        'content-type': 'application/json',
        ...headers
      })
    },
    get: (path) => send(url, agent, 'GET', path, '', {})
  }
}

function send(
  url: string,
  agent: http.Agent,
  method: string,
  path: string,
  body: string,
  headers: Record<string, string>
): Promise<Answer> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const request = http.request({ agent, hostname, port, method, path, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        const parsed: unknown = text === '' ? undefined : JSON.parse(text)
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parsed })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** Random numbers that come in this order, then start again. */
export function drawing(...numbers: number[]): () => number {
  let next = 0
  return () => numbers[next++ % numbers.length] ?? 0
}
