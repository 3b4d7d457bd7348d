import type { IncomingMessage } from 'node:http'
import { fastify } from 'fastify'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ApiError, errorBody } from './api-error.js'
import { addApiRoutes } from './api-routes.js'
import { CallLog } from './call-log.js'
import type { Arrival } from './call-log.js'
import { FaultBoard } from './faults.js'
import { addInspectionRoutes, INSPECTION_PREFIX } from './inspection-routes.js'
import { resolveOptions } from './options.js'
import type { SandboxOptions } from './options.js'
import { readBody } from './read-body.js'
import { SandboxState } from './state.js'

/**
 * Longer than a client's pause between two flushes: a race between its next call and our timeout would look like a
 * fault.
 */
const KEEP_ALIVE_MS = 75_000

/** The router accepts any identifier: Node refuses request lines far shorter than this. */
const MOST_IDENTIFIER_CHARS = 1024 * 1024

const ARRIVAL = 'arrival'

export interface BuiltSandbox {
  app: FastifyInstance
  state: SandboxState
  faults: FaultBoard
  log: CallLog
  /** Restores users, groups, requests, counts and faults to their initial state. */
  reset: () => void
}

/** Builds the sandbox, without listening. Throws a `RangeError` if the value of a fault is not allowed. */
export function buildSandbox(options?: SandboxOptions): BuiltSandbox {
  const { faults: initialFaults, maxBodyBytes, random } = resolveOptions(options)
  const faults = new FaultBoard(initialFaults, random)
  const state = new SandboxState()
  const log = new CallLog()
  const reset = (): void => {
    state.clear()
    log.clear()
    faults.reset()
  }

  const app = fastify({
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: MOST_IDENTIFIER_CHARS },
    // A path that cannot be decoded is answered before any hook runs.
    frameworkErrors: (_error, request, reply) => {
      const status = faults.acceptsKey(request.headers['x-api-key']) ? 400 : 401
      log.settle(log.arrive(request.method, request.url), status)
      const body = errorBody(status, status === 401 ? WRONG_KEY : 'the path is not valid')
      reply.raw.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body))
    }
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request: FastifyRequest, payload: IncomingMessage) => readBody(payload, maxBodyBytes))

  addCallHooks(app, faults, log)
  app.setNotFoundHandler((request) => {
    throw new ApiError(404, `there is no ${request.method} endpoint at this path`)
  })
  app.setErrorHandler((error, _request, reply) => {
    const status = error instanceof ApiError ? error.status : 500
    reply.code(status).send(errorBody(status, error instanceof ApiError ? error.message : 'the sandbox failed'))
  })
  addApiRoutes(app, { state, faults, log, arrivalOf })
  addInspectionRoutes(app, { state, faults, log, reset })
  return { app, state, faults, log, reset }
}

const WRONG_KEY = 'x-api-key is missing or wrong'

/**
 * Checks the key first; before the answer, adds log and latency. Callbacks, not promises, because every call runs this.
 */
function addCallHooks(app: FastifyInstance, faults: FaultBoard, log: CallLog): void {
  app.decorateRequest(ARRIVAL, null)

  app.addHook('onRequest', (request, _reply, done) => {
    if (request.url.startsWith(INSPECTION_PREFIX)) return done()
    request.setDecorator(ARRIVAL, log.arrive(request.method, request.url))
    if (faults.acceptsKey(request.headers['x-api-key'])) done()
    else done(new ApiError(401, WRONG_KEY))
  })

  app.addHook('onSend', (request, reply, payload, done) => {
    const arrival = request.getDecorator<Arrival | null>(ARRIVAL)
    if (arrival === null) return done(null, payload)
    const leave = (): void => {
      log.settle(arrival, reply.statusCode)
      done(null, payload)
    }
    if (faults.current.latencyMs === 0) leave()
    else setTimeout(leave, faults.current.latencyMs).unref()
  })
}

function arrivalOf(request: FastifyRequest): Arrival {
  return request.getDecorator<Arrival>(ARRIVAL)
}
