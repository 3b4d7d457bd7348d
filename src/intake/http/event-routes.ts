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
  /** Resolves when the events are on disk, to those among them that were rejected. */
  accept: (events: readonly SourcedEvent[]) => Promise<readonly Rejection[]>
}

/** The last part of a route, and the type of the event that it takes. */
const ONE_EVENT = {
  ...{ identify: 'identify', group: 'group', track: 'track', page: 'page', screen: 'screen', alias: 'alias' },
  ...{ i: 'identify', g: 'group', t: 'track', p: 'page', s: 'screen', a: 'alias' }
} as const
const MANY_EVENTS = ['batch', 'import', 'b'] as const

const SUCCESS = '{"success":true}'
const JSON_TYPE = 'application/json; charset=utf-8'
/** In an answer; all of them are in the store. */
const MAX_REJECTIONS_TOLD = 100

/** What SDKs and webhooks post events to. Everything here was committed to disk before it is answered with a 200. */
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
    // The metrics that analytics.js keeps of itself: nobody here has a use for them.
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

/** Segment's webhooks are about to get a second header for it, which covers the whole body always. */
function signatureOf({ headers }: FastifyRequest): string | undefined {
  const signature = headers['x-segment-signature'] ?? headers['x-signature']
  return typeof signature === 'string' ? signature : undefined
}

function arrivalOf(request: FastifyRequest): Arrival {
  const { method, routeOptions, id } = request
  return { source: `${method} ${routeOptions.url ?? ''} (request ${id})`, receivedAt: Date.now() }
}

/** One event alone that is rejected is kept, but its sender is told that it is wrong. */
function answerOne(reply: FastifyReply, [rejection]: readonly Rejection[]): void {
  if (rejection !== undefined) throw badInput('invalid_event', rejection.reason)
  answerMany(reply, [])
}

function answerMany(reply: FastifyReply, rejections: readonly Rejection[]): void {
  reply.type(JSON_TYPE)
  if (rejections.length === 0) reply.send(SUCCESS)
  else reply.send(JSON.stringify({ success: true, rejected: rejections.slice(0, MAX_REJECTIONS_TOLD) }))
}
