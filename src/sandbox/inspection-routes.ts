import type { FastifyInstance } from 'fastify'
import { ApiError } from './api-error.js'
import type { CallLog } from './call-log.js'
import { readFaults } from './fault-rules.js'
import type { FaultBoard } from './faults.js'
import { parseJson } from './read-body.js'
import type { SandboxState } from './state.js'

/** Paths for inspection: no key, no faults, not counted. */
export const INSPECTION_PREFIX = '/__sandbox/'

export interface InspectionParts {
  state: SandboxState
  faults: FaultBoard
  log: CallLog
  reset: () => void
}

export function addInspectionRoutes(app: FastifyInstance, { state, faults, log, reset }: InspectionParts): void {
  app.get('/__sandbox/users', () => Object.fromEntries(state.users))
  app.get<{ Params: { identifier: string } }>('/__sandbox/users/:identifier', (request) => {
    const user = state.users.get(request.params.identifier)
    if (user === undefined) throw new ApiError(404, 'the sandbox has no such user')
    return user
  })
  app.get('/__sandbox/groups', () => Object.fromEntries(state.groups))
  app.get<{ Params: { identifier: string } }>('/__sandbox/groups/:identifier', (request) => {
    const group = state.groups.get(request.params.identifier)
    if (group === undefined) throw new ApiError(404, 'the sandbox has no such group')
    return group
  })
  app.get('/__sandbox/memberships', () =>
    Object.fromEntries(Array.from(state.memberships, ([user, groups]) => [user, [...groups]]))
  )
  app.get('/__sandbox/requests', () => log.requests)
  app.get('/__sandbox/stats', () => log.stats)

  app.post('/__sandbox/faults', (request) => {
    const body = parseJson(request.body, request.headers['content-type'])
    try {
      faults.set(readFaults(body))
    } catch (error) {
      throw error instanceof RangeError ? new ApiError(400, error.message) : error
    }
    return {}
  })
  app.post('/__sandbox/reset', () => {
    reset()
    return {}
  })
}
