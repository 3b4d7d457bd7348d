import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Server as SocketServer, Socket } from 'node:net'

export interface TestServer {
  /** As `http://127.0.0.1:49152`. */
  readonly url: string
  readonly http: Server
  /** Connections that were made so far. */
  readonly connections: readonly Socket[]
}

/** Runs `use` with a server that does as `answer` says, and ends the server and its connections whatever happens. */
export async function withServer<T>(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  use: (server: TestServer) => Promise<T>
): Promise<T> {
  const connections: Socket[] = []
  const http = createServer(answer)
  http.on('connection', (socket: Socket) => connections.push(socket))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  try {
    return await use({ url: `http://127.0.0.1:${portOf(http)}`, http, connections })
  } finally {
    http.closeAllConnections()
    await new Promise((resolve) => http.close(resolve))
  }
}

export function portOf(server: SocketServer): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port')
  return address.port
}

/** The whole body of a request, as text. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(request, 'end')
  return Buffer.concat(chunks).toString('utf8')
}
