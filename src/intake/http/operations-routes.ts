import type { FastifyInstance, FastifyRequest } from 'fastify'
import { bearerToken } from './authorization.js'
import { HttpError } from './http-error.js'
import type { IntakeState } from './intake-state.js'
import { isFromThisMachine } from './loopback.js'
import { Secrets } from './secret.js'

export interface OperationsNeeds {
  state: IntakeState
  adminToken: string | undefined
  metrics: { contentType: string; expose: () => Promise<string> }
  /** Reads the document that `/status` returns. */
  readStatus: () => Promise<object>
  /** The state of Dopt's endpoint, for information: events are accepted regardless. */
  endpointState: () => string
}

/** The routes for operators and monitoring. */
export function addOperationsRoutes(app: FastifyInstance, needs: OperationsNeeds): void {
  const { state, metrics } = needs
  const tokens = new Secrets(needs.adminToken === undefined ? [] : [needs.adminToken])

  app.get('/healthz', () => ({ status: 'ok' }))

  app.get('/readyz', async () => {
    const trouble = await state.notReady()
    if (trouble !== undefined) throw trouble
    return { status: 'ready', endpoint: needs.endpointState() }
  })

  app.get('/status', async (request) => {
    requireOperator(request)
    return needs.readStatus()
  })

  app.get('/metrics', async (request, reply) => {
    requireOperator(request)
    reply.type(metrics.contentType)
    return metrics.expose()
  })

  function requireOperator({ raw, headers }: FastifyRequest): void {
    const token = bearerToken(headers.authorization)
    if (token !== undefined && tokens.has(token)) return
    if (isFromThisMachine(raw)) return
    throw new HttpError(
      401,
      'unauthorized',
      tokens.isEmpty
        ? 'allowed from this machine only: start the server with --admin-token to allow others'
        : 'the admin token is missing or wrong: send it as "Authorization: Bearer …"'
    )
  }
}
