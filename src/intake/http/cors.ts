import type { FastifyInstance, FastifyReply } from 'fastify'

const ALLOWED_HEADERS = 'authorization, content-type, x-retry-count'
/** The longest time that browsers accept. */
const MAX_AGE_SECONDS = 7200

/** Pages of any origin may send events: that is the purpose of browser SDKs, whose write key is public. */
export function allowAnyOrigin(reply: FastifyReply): void {
  reply.header('access-control-allow-origin', '*').header('access-control-expose-headers', 'retry-after, x-request-id')
}

/** Answers the preflight request that a browser makes before it sends these headers to another origin. */
export function addPreflight(app: FastifyInstance): void {
  app.options('/*', (request, reply) =>
    reply
      .code(204)
      .header('access-control-allow-methods', 'GET, POST, OPTIONS')
      .header('access-control-allow-headers', request.headers['access-control-request-headers'] ?? ALLOWED_HEADERS)
      .header('access-control-max-age', MAX_AGE_SECONDS)
      .header('vary', 'access-control-request-headers')
      .send()
  )
}
