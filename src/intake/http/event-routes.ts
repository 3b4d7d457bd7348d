import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Rejection, SourcedEvent } from '../../forwarder.js'
import { badInput } from './http-error.js'
import type { Keys } from './keys.js'
import type { ResolvedHttpOptions } from './options.js'
import { parseBody, type ParsedBody } from './parse-body.js'
import { unpackBatch, unpackEvent, unpackWebhook, writeKeyIn, type Arrival } from './unpack.js'

export interface EventRouteNeeds {
  keys: Keys
  options: ResolvedHttpOptions
  /** Resolves, when the events are on disk, to those that were rejected. */
  accept: (events: readonly SourcedEvent[]) => Promise<readonly Rejection[]>
}

/** The last part of a route, and the type of its events. */
const ONE_EVENT = {
  ...{ identify: 'identify', group: 'group', track: 'track', page: 'page', screen: 'screen', alias: 'alias' },
  ...{ i: 'identify', g: 'group', t: 'track', p: 'page', s: 'screen', a: 'alias' }
} as const
const MANY_EVENTS = ['batch', 'import', 'b'] as const

const SUCCESS = '{"success":true}'
const JSON_TYPE = 'application/json; charset=utf-8'
/** The most rejections to list in an answer; all of them are in the store. */
const MAX_REJECTIONS_TOLD = 100

/** The routes for SDKs and webhooks. Events are committed to disk before a 200 is sent. */
export function addEventRoutes(app: FastifyInstance, { keys, options, accept }: EventRouteNeeds): void {
  const oneLimit = { bodyLimit: options.maxEventBytes }
  const manyLimit = { bodyLimit: options.maxBatchBytes }

  for (const prefix of ['', '/v1']) {
    for (const [name, type] of Object.entries(ONE_EVENT)) {
      sdkRoute(`${prefix}/${name}`, oneLimit, async (body, arrival, reply) => {
        const rejections = await accept(unpackEvent(body, type, arrival))
        answerOne(reply, rejections)
      })
    }
    for (const name of MANY_EVENTS) {
      sdkRoute(`${prefix}/${name}`, manyLimit, async (body, arrival, reply) => {
        const rejections = await accept(unpackBatch(body, options, arrival))
        answerMany(reply, rejections)
      })
    }
    // Metrics of analytics.js about itself, which are not used here.
    app.post(`${prefix}/m`, oneLimit, (_request, reply) => answerMany(reply, []))
  }

  app.route({
    method: ['POST', 'PUT', 'PATCH'],
    url: '/webhook',
    ...manyLimit,
    handler: async (request, reply) => {
      const text = bodyOf(request)
      keys.requireSignature(signatureOf(request), request.headers.authorization, text)
      const body = parseBody(text)
      const rejections = await accept(unpackWebhook(body, options, arrivalOf(request)))
      if (Array.isArray(body.value)) answerMany(reply, rejections)
      else answerOne(reply, rejections)
      return reply
    }
  })

  function sdkRoute(
    url: string,
    limit: { bodyLimit: number },
    handle: (body: ParsedBody, arrival: Arrival, reply: FastifyReply) => Promise<void>
  ): void {
    app.post(url, limit, async (request, reply) => {
      const body = parseBody(bodyOf(request))
      keys.requireWriteKey(request.headers.authorization, writeKeyIn(body.value))
      await handle(body, arrivalOf(request), reply)
      return reply
    })
  }
}

function bodyOf({ body }: FastifyRequest): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0)
}

/** Segment's webhooks will get a second signature header, which always covers the whole body. */
function signatureOf({ headers }: FastifyRequest): string | undefined {
  const signature = headers['x-segment-signature'] ?? headers['x-signature']
  return typeof signature === 'string' ? signature : undefined
}

function arrivalOf(request: FastifyRequest): Arrival {
  const { method, routeOptions, id } = request
  return { source: `${method} ${routeOptions.url ?? ''} (request ${id})`, receivedAt: Date.now() }
}

/** A single rejected event is stored, but answered as an error. */
function answerOne(reply: FastifyReply, [rejection]: readonly Rejection[]): void {
  if (rejection !== undefined) throw badInput('invalid_event', rejection.reason)
  answerMany(reply, [])
}

function answerMany(reply: FastifyReply, rejections: readonly Rejection[]): void {
  reply.type(JSON_TYPE)
  if (rejections.length === 0) reply.send(SUCCESS)
  else reply.send(JSON.stringify({ success: true, rejected: rejections.slice(0, MAX_REJECTIONS_TOLD) }))
}
