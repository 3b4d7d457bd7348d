import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { answerBrokenConnection } from './answer-errors.js'
import type { HttpError } from './http-error.js'

/** The last answers on a connection, finished or not. */
interface LastAnswers {
  latest: ServerResponse
  before: ServerResponse | undefined
}

/**
 * Answers on connections with input that is not an HTTP request, or with a request that takes too long.
 *
 * Complete requests before it on the same connection have their own answers, which may still wait for the disk. HTTP
 * assigns answers by order, so this one must be last: otherwise a client would think that its events were refused, and
 * delete them.
 */
export class BrokenConnections {
  readonly #last = new WeakMap<Socket, LastAnswers>()
  readonly #broken = new WeakSet<Socket>()

  /** `onAnswer` is called for each answer sent here. */
  constructor(private readonly onAnswer: (error: HttpError) => void) {}

  watch(server: Server): void {
    // This runs for every request, so it does as little as possible.
    server.prependListener('request', ({ socket }: IncomingMessage, latest: ServerResponse) => {
      const last = this.#last.get(socket)
      if (last === undefined) {
        this.#last.set(socket, { latest, before: undefined })
      } else {
        last.before = last.latest
        last.latest = latest
      }
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
    const { latest, before } = this.#last.get(socket) ?? {}
    // Only the latest request can be incomplete.
    const last = latest?.req.complete || latest?.headersSent ? latest : before
    return last?.closed === false ? last : undefined
  }
}
