import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { buildIntake, type IntakeNeeds } from './app.js'
import { resolveHttpOptions, type HttpIntakeOptions } from './options.js'

/** A running HTTP intake. */
export interface HttpIntake {
  /** Where it listens, as `http://127.0.0.1:8787`, without a slash at the end. */
  readonly url: string
  /**
   * Takes no more events, answers what is under way, and ends. Connections that are still busy after `deadlineMs` are
   * cut: what they had sent was not acknowledged, and is sent again. The forwarder stays open. Further calls do nothing
   * more.
   */
  close(options?: { deadlineMs?: number }): Promise<void>
}

const CLOSE_DEADLINE_MS = 10_000

/** Starts the HTTP intake. Rejects with ConfigurationError, and as `listen` does, with `EADDRINUSE` for instance. */
export async function startIntake(needs: IntakeNeeds, given: HttpIntakeOptions = {}): Promise<HttpIntake> {
  const options = resolveHttpOptions(given)
  const intake = buildIntake(needs, options)
  const { app, metrics } = intake
  const { sender } = needs.forwarder
  app.server.maxConnections = options.maxConnections
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
    // Node waits for the first request of a connection; what has not come by now is for whoever listens next.
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

/** The connections on which no request has begun yet, kept up to date. */
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
