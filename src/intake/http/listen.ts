import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { buildIntake, type IntakeNeeds } from './app.js'
import { resolveHttpOptions, type HttpIntakeOptions } from './options.js'

/** A running HTTP intake. */
export interface HttpIntake {
  /** Its address, such as `http://127.0.0.1:8787`, without a trailing slash. */
  readonly url: string
  /**
   * Stops accepting events, finishes requests in progress, and ends. Connections still busy after `deadlineMs` are cut:
   * their events were not acknowledged, so clients resend them. The forwarder stays open. Further calls have no effect.
   */
  close(options?: { deadlineMs?: number }): Promise<void>
}

const CLOSE_DEADLINE_MS = 10_000

/** Starts the HTTP intake. Rejects with ConfigurationError, or with the error of `listen`, such as `EADDRINUSE`. */
export async function startIntake(needs: IntakeNeeds, given: HttpIntakeOptions = {}): Promise<HttpIntake> {
  const options = resolveHttpOptions(given)
  const intake = buildIntake(needs, options)
  const { app, metrics } = intake
  const { sender } = needs.forwarder
  app.server.maxConnections = options.maxConnections
  // Node would leave out what comes after a thousand headers, such as `Content-Length`. Their total size is limited.
  app.server.maxHeadersCount = 0
  app.server.on('drop', () => metrics.takeRefusedConnection())
  const silent = silentConnections(app.server)
  try {
    await app.listen({ host: options.host, port: options.port })
  } catch (error) {
    await app.close()
    throw error
  }
  if (sender !== undefined) sender.onCall = (result, settlement) => metrics.takeCall(result, settlement)
  const url = urlOf(app.server.address())
  let closed: Promise<void> | undefined

  return {
    url,
    close: ({ deadlineMs = CLOSE_DEADLINE_MS } = {}) => (closed ??= close(deadlineMs))
  }

  async function close(deadlineMs: number): Promise<void> {
    intake.beginShutdown()
    // Node waits for the first request of each connection; requests that have not begun by now are not served.
    for (const socket of silent) socket.destroy()
    const deadline = setTimeout(() => app.server.closeAllConnections(), deadlineMs)
    try {
      await app.close()
    } finally {
      clearTimeout(deadline)
      if (sender !== undefined) sender.onCall = undefined
    }
  }
}

/** Keeps track of the connections on which no request has begun yet. */
function silentConnections(server: Server): ReadonlySet<Socket> {
  const silent = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    silent.add(socket)
    socket.once('close', () => silent.delete(socket))
  })
  server.on('request', ({ socket }: IncomingMessage) => silent.delete(socket))
  return silent
}

function urlOf(address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') throw new Error('the intake listens on a TCP port only')
  const { family, port } = address
  return `http://${family === 'IPv6' ? `[${address.address}]` : address.address}:${port}`
}
