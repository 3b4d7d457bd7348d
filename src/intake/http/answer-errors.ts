import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyReply } from 'fastify'
import { badInput, HttpError } from './http-error.js'

/**
 * The answer for any error. The messages of errors that are not ours may contain anything, so they are not sent.
 */
export function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error
  const status = statusOf(error)
  if (status !== undefined && status >= 400 && status < 500) {
    return new HttpError(status, status === 404 ? 'not_found' : 'bad_request', 'the request is not valid')
  }
  return new HttpError(500, 'internal_error', 'internal error: retry')
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined
  return typeof error.statusCode === 'number' ? error.statusCode : undefined
}

export function answerError(reply: FastifyReply, error: HttpError): FastifyReply {
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', error.retryAfterSeconds)
  // Some clients use it to distinguish a missing key from a wrong one.
  if (error.status === 401) reply.header('www-authenticate', 'Basic realm="write key", Bearer')
  return reply.code(error.status).type('application/json; charset=utf-8').send(JSON.stringify(error.body))
}

/** Answers input that is not HTTP, or a request that takes too long: there is no reply object. Ends the connection. */
export function answerBrokenConnection(error: Error & { code?: string }, socket: Socket): HttpError {
  const told = toBroken(error.code ?? '')
  const body = JSON.stringify(told.body)
  socket.write(
    `HTTP/1.1 ${told.status} ${STATUS_CODES[told.status] ?? ''}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`
  )
  socket.destroySoon()
  return told
}

function toBroken(code: string): HttpError {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      // SDKs retry after a 408.
      return new HttpError(408, 'incomplete', 'the request took too long')
    case 'HPE_INVALID_EOF_STATE':
      return badInput('incomplete', 'the request was cut off')
    case 'HPE_HEADER_OVERFLOW':
      return new HttpError(431, 'too_large', 'the headers are too large')
    default:
      return badInput('bad_request', 'this is not an HTTP request')
  }
}

export function notFound(method: string): HttpError {
  const way = method === 'POST' ? '' : ' with POST'
  const hint = `send events${way} to /v1/batch or /v1/identify, webhooks to /webhook`
  return new HttpError(404, 'not_found', `there is nothing at this path: ${hint}`)
}

export function badPath(): HttpError {
  return badInput('bad_request', 'the path is not valid')
}
