import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ApiError, errorBody } from './api-error.js'
import type { Arrival, CallLog } from './call-log.js'
import type { FaultBoard } from './faults.js'
import { parseJson } from './read-body.js'
import { readGroup, readMany, readManyFlat, readOne, readOneFlat } from './read-call.js'
import type { Call, ReadCall } from './read-call.js'
import type { SandboxState } from './state.js'

export interface ApiParts {
  state: SandboxState
  faults: FaultBoard
  log: CallLog
  arrivalOf: (request: FastifyRequest) => Arrival
}

/** The users API, in both generations. */
export function addApiRoutes(app: FastifyInstance, parts: ApiParts): void {
  const takes =
    (read: ReadCall) =>
    (request: FastifyRequest, reply: FastifyReply): void =>
      answer(parts, read, request, reply)

  app.post('/identify/bulk', takes(readManyFlat))
  app.post('/identify/batch', takes(readMany))
  app.post('/identify', takes(readOne))
  app.post('/identify/group', takes(readGroup))
  // Dopt has this endpoint. Without it, the next route would treat "segment" as a user.
  app.post('/identify/segment', () => {
    throw new ApiError(404, 'the sandbox does not implement /identify/segment')
  })
  app.post<{ Params: { identifier: string } }>('/identify/:identifier', (request, reply) =>
    answer(parts, readOneFlat(request.params.identifier), request, reply)
  )
}

/**
 * Reads the call before a random fault, so that the log shows the users of a failed call; applies all of it or nothing.
 */
function answer(parts: ApiParts, read: ReadCall, request: FastifyRequest, reply: FastifyReply): void {
  const { state, faults } = parts
  const call = readAcceptable(parts, read, request)
  const fate = faults.fate()
  if (fate === 'drop-before') return drop(parts, request, reply)
  if (fate === 'fail') return fail(faults, reply)

  if (!(call instanceof ApiError)) state.apply(call)
  if (fate === 'drop-after') return drop(parts, request, reply)
  if (call instanceof ApiError) throw call
  reply.send(call.many ? { count: call.users.length + faults.current.countOffset } : {})
}

function readAcceptable({ faults, arrivalOf }: ApiParts, read: ReadCall, request: FastifyRequest): Call | ApiError {
  try {
    const arrival = arrivalOf(request)
    const call = read(parseJson(request.body, request.headers['content-type']), arrival, faults.current)
    return faults.rejects(arrival.identifiers, arrival.groups) ? new ApiError(400, notAcceptable(call)) : call
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
}

/** Like Dopt's, the message does not say which one. */
function notAcceptable({ users }: Call): string {
  return users.length === 0 ? 'the group is not acceptable' : 'a user of this call is not acceptable'
}

function fail(faults: FaultBoard, reply: FastifyReply): void {
  const { failStatus, retryAfterS } = faults.current
  if (retryAfterS !== null) reply.header('retry-after', String(retryAfterS))
  reply.code(failStatus).send(errorBody(failStatus, 'this call was chosen to fail'))
}

/** Cuts the connection when an answer would have been sent. */
function drop({ faults, log, arrivalOf }: ApiParts, request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack()
  const cut = (): void => {
    log.settle(arrivalOf(request), 0)
    request.raw.socket.destroy()
  }
  if (faults.current.latencyMs === 0) cut()
  else setTimeout(cut, faults.current.latencyMs).unref()
}
