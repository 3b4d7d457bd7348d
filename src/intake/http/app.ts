import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { fastify, type FastifyInstance, type FastifyRequest } from 'fastify'
import { silentLogger, type Logger } from '../../delivery/logger.js'
import type { Forwarder, Receipt, SourcedEvent } from '../../forwarder.js'
import { StoreError } from '../../store/errors.js'
import { Admission, type Room } from './admission.js'
import { answerError, badPath, notFound, toHttpError } from './answer-errors.js'
import { BrokenConnections } from './broken-connections.js'
import { Coalescer } from '../coalescer.js'
import { addPreflight, allowAnyOrigin } from './cors.js'
import { decompress } from './decompress.js'
import { addEventRoutes } from './event-routes.js'
import type { HttpError } from './http-error.js'
import { IntakeState, shuttingDown } from './intake-state.js'
import { Keys } from './keys.js'
import { Metrics, NO_ROUTE } from './metrics.js'
import { addOperationsRoutes } from './operations-routes.js'
import type { ResolvedHttpOptions } from './options.js'
import { readBody } from './read-body.js'
import { RefusalLog } from './refusal-log.js'
import { addSettingsRoutes } from './settings-document.js'

/** The part of a forwarder that the intake uses. */
export type IntakeForwarder = Pick<Forwarder, 'acceptSourced' | 'books' | 'store' | 'sender' | 'totals'>

export interface IntakeNeeds {
  forwarder: IntakeForwarder
  /** Reads the document that `/status` returns. */
  readStatus: () => Promise<object>
  logger?: Logger | undefined
  /** Called for every request that is refused, whatever the reason. */
  onRefused?: ((error: HttpError) => void) | undefined
  /** Also measures this process: memory, event loop, garbage collection. */
  processMetrics?: boolean | undefined
}

export interface BuiltIntake {
  app: FastifyInstance
  metrics: Metrics
  /** From now on events are answered with a 503 and `Connection: close`, and `/readyz` says why. */
  beginShutdown(): void
}

/** How often Node checks for requests that take too long. */
const TIMEOUT_CHECK_MS = 500
/** Longer than any write key. */
const MOST_PARAM_CHARS = 200

/** Builds the HTTP intake, without listening. */
export function buildIntake(needs: IntakeNeeds, options: ResolvedHttpOptions): BuiltIntake {
  const { forwarder, logger = silentLogger } = needs
  const state = new IntakeState(forwarder.store)
  const metrics = new Metrics(forwarder, { process: needs.processMetrics === true })
  const keys = new Keys(options)
  const coalescer = new Coalescer(takeIn)
  const takeEarlyAnswer = (error: HttpError): void => {
    metrics.takeEarlyAnswer(error)
    needs.onRefused?.(error)
  }
  const broken = new BrokenConnections(takeEarlyAnswer)

  const app = fastify({
    requestTimeout: options.requestTimeoutMs,
    keepAliveTimeout: options.keepAliveTimeoutMs,
    http: { headersTimeout: options.headersTimeoutMs, connectionsCheckingInterval: TIMEOUT_CHECK_MS },
    bodyLimit: options.maxBatchBytes,
    // During shutdown the hooks below answer, with a reason and a Retry-After.
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MOST_PARAM_CHARS },
    genReqId: requestIdOf,
    clientErrorHandler: (error, socket) => broken.take(error, socket),
    frameworkErrors: (_error, request, reply) => {
      const told = badPath()
      takeEarlyAnswer(told)
      void answerError(reply.header('x-request-id', request.id), told)
    }
  })
  broken.watch(app.server)
  addBodyParser(app, new Admission(options.maxBytesInFlight), options.maxBatchBytes)
  addAnswers(app, { state, metrics, logger, broken, onRefused: needs.onRefused })

  void app.register(async (scope) => {
    scope.addHook('onRequest', (_request, reply, done) => {
      allowAnyOrigin(reply)
      done(state.isShuttingDown ? shuttingDown() : undefined)
    })
    addPreflight(scope)
    addSettingsRoutes(scope, keys, options.publicUrl)
    addEventRoutes(scope, { keys, options, accept: (events) => coalescer.accept(events) })
  })
  addOperationsRoutes(app, {
    ...{ state, metrics, adminToken: options.adminToken, readStatus: needs.readStatus },
    endpointState: () => forwarder.sender?.health.state ?? 'ok'
  })
  return { app, metrics, beginShutdown: () => state.beginShutdown() }

  async function takeIn(events: readonly SourcedEvent[]): Promise<Receipt> {
    try {
      const receipt = await forwarder.acceptSourced(events)
      state.takeStored(receipt.accepted)
      metrics.takeReceipt(receipt)
      return receipt
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      const { told, isNew } = state.take(error)
      if (isNew) logger.error({ code: error.code }, error.message)
      throw told
    }
  }
}

/** Passes bodies to the routes as decompressed bytes, whatever their content type: SDKs send JSON as `text/plain`. */
function addBodyParser(app: FastifyInstance, admission: Admission, maxBytes: number): void {
  const limitOf = ({ routeOptions }: FastifyRequest): number => routeOptions.bodyLimit ?? maxBytes
  const rooms = new WeakMap<FastifyRequest, Room>()

  app.addHook('onRequest', ({ raw }, _reply, done) => {
    // A malformed one would be refused before the body is read.
    raw.headers['content-type'] = undefined
    done()
  })
  app.addHook('preParsing', (request, { raw }, payload, done) => {
    const room = admission.room()
    rooms.set(request, room)
    raw.once('close', () => room.release())
    done(null, payload)
  })
  app.addHook('onSend', (request, _reply, payload, done) => {
    // If the connection breaks, the answer of a pipelined request is never sent or closed.
    rooms.get(request)?.release()
    done(null, payload)
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', async (request: FastifyRequest, payload: IncomingMessage) => {
    const limit = limitOf(request)
    const room = rooms.get(request) ?? admission.room()
    const body = await readBody(payload, limit, room)
    const unpacked = await decompress(body, request.headers['content-encoding'], limit)
    if (unpacked !== body) room.take(unpacked.length)
    return unpacked
  })
}

/** Adds the headers, metrics and logs of answers. */
function addAnswers(
  app: FastifyInstance,
  {
    state,
    metrics,
    logger,
    broken,
    onRefused
  }: Pick<IntakeNeeds, 'onRefused'> & {
    state: IntakeState
    metrics: Metrics
    logger: Logger
    broken: BrokenConnections
  }
): void {
  const refusals = new RefusalLog(logger)

  app.addHook('onSend', (request, reply, payload, done) => {
    reply.header('x-request-id', request.id)
    // Also for requests in progress: their connections must end for the server to end.
    if (state.isShuttingDown) reply.header('connection', 'close')
    done(null, payload)
  })
  app.addHook('onResponse', (request, reply, done) => {
    const ms = reply.elapsedTime
    metrics.takeRequest({ method: request.method, route: routeOf(request), status: reply.statusCode, ms })
    logger.debug(
      {
        request: request.id,
        method: request.method,
        route: routeOf(request),
        status: reply.statusCode,
        ms: Math.round(ms)
      },
      'answered'
    )
    done()
  })
  app.setNotFoundHandler((request) => {
    throw notFound(request.method)
  })
  app.setErrorHandler((error, request, reply) => {
    const told = toHttpError(error)
    const fields = { request: request.id, method: request.method, route: routeOf(request) }
    if (told.status === 500) logger.error({ ...fields, at: whereFrom(error) }, 'internal error')
    else refusals.take(fields, told, Date.now())
    if (!broken.hasCut(request.raw)) {
      metrics.takeRefusal(told.code)
      onRefused?.(told)
    }
    return answerError(reply, told)
  })
}

/** The route's pattern, not the path, which may contain a write key or anything else. */
function routeOf({ routeOptions }: FastifyRequest): string {
  return routeOptions.url ?? NO_ROUTE
}

function requestIdOf({ headers }: { headers: IncomingMessage['headers'] }): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && /^[\w.:-]{1,64}$/.test(given) ? given : randomUUID()
}

/** An error's kind and stack without its message, which may quote an event. */
function whereFrom(error: unknown): string[] {
  if (!(error instanceof Error)) return [typeof error]
  const frames = (error.stack ?? '').split('\n').filter((line) => /^ +at /.test(line))
  return [error.name, ...frames.map((line) => line.trim())]
}
