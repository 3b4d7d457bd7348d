import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { answerBrokenConnection } from './answer-errors.js'
import type { HttpError } from './http-error.js'

/**
 * Answers on connections on which something came that is no HTTP request, or only half of one in too long a time.
 *
 * What came whole before it, on the same connection, has its own answer, which may still wait for the disk. HTTP tells
 * by their order which answer is whose: ours goes last, or a client would take its events for refused, and delete them.
 */
export class BrokenConnections {
  readonly #open = new WeakMap<Socket, Map<ServerResponse, IncomingMessage>>()
  readonly #broken = new WeakSet<Socket>()

  /** `onAnswer` is told of each answer that was given here. */
  constructor(private readonly onAnswer: (error: HttpError) => void) {}

  watch(server: Server): void {
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
      const { socket } = request
      const open = this.#open.get(socket) ?? new Map<ServerResponse, IncomingMessage>()
      this.#open.set(socket, open.set(response, request))
      response.once('close', () => open.delete(response))
    })
  }

  /** Whether this request was cut short by what was, or will be, answered here. */
  hasCut({ complete, socket }: IncomingMessage): boolean {
    return !complete && this.#broken.has(socket)
  }

  /** For each `clientError` of the server. */
  take(error: Error & { code?: string }, socket: Socket): void {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    // The parser goes on to fail at whatever else comes.
    if (this.#broken.has(socket)) return
    this.#broken.add(socket)
    const answer = (): void => {
      if (socket.writable) this.onAnswer(answerBrokenConnection(error, socket))
    }
    const last = this.#lastOfOthers(socket)
    if (last === undefined) answer()
    else last.once('close', answer)
  }

  /** The last answer, not at its end yet, to what came whole. They are sent in the order of their requests. */
  #lastOfOthers(socket: Socket): ServerResponse | undefined {
    const open = [...(this.#open.get(socket) ?? [])]
    return open.findLast(([response, request]) => request.complete || response.headersSent)?.[0]
  }
}
