import { DoptApi, DoptApiClient, DoptApiError } from '@dopt/users-javascript-client'
import type { Sandbox, SandboxOptions } from '../../src/sandbox/index.js'
import { KEY, someText, withSandbox } from './with-sandbox.js'

/** Runs `use` with the client that Dopt publishes, pointed at a sandbox. */
function withClient(
  options: SandboxOptions,
  use: (client: DoptApiClient, sandbox: Sandbox) => Promise<void>,
  apiKey = KEY
): Promise<void> {
  return withSandbox(options, (sandbox) => use(new DoptApiClient({ apiKey, environment: sandbox.url }), sandbox))
}

/** The client tries a 500 again by itself, after some seconds. */
const ONCE = { maxRetries: 0 }
const ada = { identifier: 'ada', properties: { plan: 'pro' } }
const acme = { identifier: 'acme', properties: { size: 9 } }

async function errorOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error
  )
}

describe("Dopt's published client", () => {
  it('identifies a user, with groups', () =>
    withClient({}, async (client, sandbox) => {
      await client.users.identifyUser({ ...ada, groups: [acme] })
      expect(sandbox.users.get('ada')).toEqual({ plan: 'pro' })
      expect(sandbox.groups.get('acme')).toEqual({ size: 9 })
      expect([...(sandbox.memberships.get('ada') ?? [])]).toEqual(['acme'])
    }))

  it('identifies 100 users in one call, and is told how many they were', () =>
    withClient({}, async (client, sandbox) => {
      const users = Array.from({ length: 100 }, (_, index) => ({ ...ada, identifier: `user/${index}` }))
      expect(await client.users.identifyUsers(users)).toEqual({ count: 100 })
      expect(sandbox.users.size).toBe(100)
      expect(sandbox.stats.calls).toBe(1)
    }))

  it('identifies a group', () =>
    withClient({}, async (client, sandbox) => {
      await client.groups.identifyGroup(acme)
      expect(sandbox.groups.get('acme')).toEqual({ size: 9 })
    }))

  const calls: [string, (client: DoptApiClient) => Promise<unknown>][] = [
    ['a user', (client) => client.users.identifyUser(ada, ONCE)],
    ['many users', (client) => client.users.identifyUsers([ada], ONCE)],
    ['a group', (client) => client.groups.identifyGroup(acme, ONCE)]
  ]

  it.each(calls)('throws its BadRequestError for a 400 to %s', (_what, call) =>
    withClient({ rejectUsers: ['ada'], rejectGroups: ['acme'] }, async (client) => {
      const error = await errorOf(call(client))
      expect(error).toBeInstanceOf(DoptApi.BadRequestError)
      expect(error).toMatchObject({ statusCode: 400, body: { code: 'invalid_request_error', details: someText } })
    })
  )

  it.each(calls)('throws its UnauthorizedError for a 401 to %s', (_what, call) =>
    withClient(
      {},
      async (client) => {
        const error = await errorOf(call(client))
        expect(error).toBeInstanceOf(DoptApi.UnauthorizedError)
        expect(error).toMatchObject({ statusCode: 401, body: { code: 'unauthorized_error', details: someText } })
      },
      'another-key'
    )
  )

  it.each(calls)('throws its InternalServerError for a 500 to %s', (_what, call) =>
    withClient({ failRate: 1 }, async (client) => {
      const error = await errorOf(call(client))
      expect(error).toBeInstanceOf(DoptApi.InternalServerError)
      expect(error).toMatchObject({ statusCode: 500, body: { code: 'internal_server_error', details: someText } })
    })
  )

  it('throws an error with the status for one that it has no class for', () =>
    withClient({ failRate: 1, failStatus: 413 }, async (client) => {
      const error = await errorOf(client.users.identifyUsers([ada], ONCE))
      expect(error).toBeInstanceOf(DoptApiError)
      expect(error).toMatchObject({ statusCode: 413 })
    }))
})
