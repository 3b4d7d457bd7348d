import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { answerBrokenConnection } from './answer-errors.js'
import type { HttpError } from './http-error.js'

/**
 * Answers on connections with input that is not an HTTP request, or with a request that takes too long.
 *
 * Complete requests before it on the same connection have their own answers, which may still wait for the disk. HTTP
 * assigns answers by order, so this one must be last: otherwise a client would think that its events were refused, and
 * delete them.
 */
export class BrokenConnections {
  readonly #open = new WeakMap<Socket, Map<ServerResponse, IncomingMessage>>()
  readonly #broken = new WeakSet<Socket>()

  /** `onAnswer` is called for each answer sent here. */
  constructor(private readonly onAnswer: (error: HttpError) => void) {}

  watch(server: Server): void {
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
      const { socket } = request
      const open = this.#open.get(socket) ?? new Map<ServerResponse, IncomingMessage>()
      this.#open.set(socket, open.set(response, request))
      response.once('close', () => open.delete(response))
    })
  }

  /** Whether this request was cut short by something that is answered here. */
  hasCut({ complete, socket }: IncomingMessage): boolean {
    return !complete && this.#broken.has(socket)
  }

  /** Handles a `clientError` of the server. */
  take(error: Error & { code?: string }, socket: Socket): void {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    // The parser also fails for all further input.
    if (this.#broken.has(socket)) return
    this.#broken.add(socket)
    const answer = (): void => {
      if (socket.writable) this.onAnswer(answerBrokenConnection(error, socket))
    }
    const last = this.#lastOfOthers(socket)
    if (last === undefined) answer()
    else last.once('close', answer)
  }

  /** The last unfinished answer to a complete request. Answers are sent in the order of their requests. */
  #lastOfOthers(socket: Socket): ServerResponse | undefined {
    const open = [...(this.#open.get(socket) ?? [])]
    return open.findLast(([response, request]) => request.complete || response.headersSent)?.[0]
  }
}
