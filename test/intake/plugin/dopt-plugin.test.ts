import { mkdirSync, rmdirSync } from 'node:fs'
import { Analytics, type Context, type Plugin } from '@segment/analytics-node'
import {
  ConfigurationError,
  doptPlugin,
  StoreError,
  type DoptPlugin,
  type ForwarderOptions
} from '../../../src/index.js'
import { createDoptPlugin } from '../../../src/intake/plugin/dopt-plugin.js'
import type { Forwarder } from '../../../src/forwarder.js'
import { until } from '../../faults/until.js'
import { KEY, withForwarders, type ForwarderBench } from '../../forwarder/with-forwarder.js'
import { expectBalanced } from '../../helpers/expect-balanced.js'
import { GROUP_SUBSCRIPTIONS } from '../../helpers/groups-config.js'
import { bodyOf, withServer } from '../../helpers/with-server.js'

/** Short ones: the tests wait for them. */
const PAUSES = { takeOverMs: 10, reopenMs: 10 }

interface Service extends Omit<ForwarderBench, 'create'> {
  /** Another handle on the store, which sends nothing. */
  reader: () => Promise<Forwarder>
  /** Another sender on the store. */
  sender: () => Promise<Forwarder>
  analytics: Analytics
  /** What Segment's own host has got. */
  atSegment: unknown[]
  /** What the SDK's error listeners were told. */
  errors: unknown[]
  /** A plugin whose store is closed in the end, whatever happens. */
  create: (more?: ForwarderOptions) => DoptPlugin
  /** Resolves with what the callback of an identify is told. */
  identify: (params: object) => Promise<unknown>
}

/** Runs `use` in a service with Segment's Node SDK, which sends to a stand-in for Segment's host as well. */
async function withService(use: (service: Service) => Promise<void>): Promise<void> {
  const atSegment: unknown[] = []
  await withServer(
    (request, response) => {
      void bodyOf(request).then((body) => {
        const { batch } = JSON.parse(body) as { batch: unknown[] }
        atSegment.push(...batch)
        response.end('{"success":true}')
      })
    },
    ({ url }) =>
      withForwarders({}, async (bench) => {
        const analytics = new Analytics({ writeKey: 'key', host: url, flushAt: 1 })
        const errors: unknown[] = []
        analytics.on('error', ({ reason }) => errors.push(reason))
        const options = { apiKey: KEY, endpoint: bench.sandbox.url, store: bench.file, flushIntervalMs: 0 }
        const made: DoptPlugin[] = []
        const create = (more: ForwarderOptions = {}): DoptPlugin => {
          const plugin = createDoptPlugin({ ...options, ...more }, PAUSES)
          made.push(plugin)
          return plugin
        }
        const identify = (params: object): Promise<unknown> =>
          new Promise((resolve) => analytics.identify({ userId: 'ann', ...params }, resolve))
        const [reader, sender] = [() => bench.create({ send: false }), () => bench.create()]
        try {
          await use({ ...bench, reader, sender, analytics, atSegment, errors, create, identify })
        } finally {
          await analytics.closeAndFlush({ timeout: 5000 })
          for (const plugin of made) await plugin.closeAndFlush({ timeout: 0 })
        }
      })
  )
}

describe("the plugin for Segment's Node SDK", () => {
  it('brings users to Dopt beside what goes to Segment, and leaves out what is not for Dopt', () =>
    withService(async ({ analytics, atSegment, errors, sandbox, create, reader }) => {
      const plugin = create()
      const asTheSdkKnowsIt: Plugin = plugin
      await analytics.register(asTheSdkKnowsIt)
      for (let n = 0; n < 250; n++)
        analytics.identify({ userId: `user-${n}`, traits: { n, address: { city: 'Zürich' } } })
      analytics.identify({ userId: 'not-ours', integrations: { Dopt: false } })
      analytics.identify({ userId: 'by-another-name', integrations: { 'Dopt (Actions)': false } })
      analytics.identify({ userId: 'nobody', integrations: { All: false } })
      analytics.identify({ userId: 'named', integrations: { All: false, Dopt: true } })
      analytics.identify({ anonymousId: 'nobody-yet' })
      analytics.track({ userId: 'user-1', event: 'Bought' })
      await analytics.closeAndFlush()
      await plugin.closeAndFlush()

      expect(sandbox.users.size).toBe(251)
      expect(sandbox.users.get('user-249')).toEqual({ n: 249, address_city: 'Zürich' })
      expect(sandbox.users.has('named')).toBe(true)
      expect(atSegment).toHaveLength(256)
      expect(errors).toEqual([])
      const books = await (await reader()).books()
      expectBalanced(books)
      expect(books.intake).toMatchObject({ received: 252, accepted: 251, ignored: { 'no-identifier': 1 } })
    }))

  it('takes whatever its subscriptions ask for, groups as well, and by default identify events alone', () =>
    withService(async ({ analytics, sandbox, create, reader }) => {
      expect(create().group).toBeUndefined()
      const plugin = create({ api: 'batch', subscriptions: GROUP_SUBSCRIPTIONS })
      await analytics.register(plugin)
      analytics.group({ groupId: 'acme', userId: 'ann', traits: { plan: 'pro' } })
      analytics.identify({ userId: 'bob', context: { groupId: 'acme' } })
      analytics.track({ userId: 'bob', event: 'Seen' })
      await analytics.flush()
      await plugin.flush()
      // The second part of the group's event is due when the first has been delivered.
      await until(() => sandbox.memberships.size === 2, 'both users in the group')

      expect(sandbox.groups).toEqual(new Map([['acme', { plan: 'pro' }]]))
      expect([...sandbox.memberships.keys()].sort()).toEqual(['ann', 'bob'])
      const { intake } = await (await reader()).books()
      expect(intake).toMatchObject({ accepted: 2, ignored: { type: 1 } })
    }))

  it('has an event on disk when its callback is called, whatever Dopt does', () =>
    withService(async ({ analytics, identify, sandbox, create, reader }) => {
      sandbox.setFaults({ failRate: 1 })
      const plugin = create()
      await analytics.register(plugin)
      expect(await identify({ traits: { plan: 'pro' } })).toBeUndefined()

      expect((await (await reader()).books()).intake).toMatchObject({ accepted: 1 })
      await plugin.closeAndFlush({ timeout: 0 })
      expect(sandbox.users.size).toBe(0)

      sandbox.setFaults({ failRate: 0 })
      const next = create()
      await next.load()
      await until(() => sandbox.users.size === 1, 'the next start to send')
      await next.closeAndFlush()
      expect(sandbox.users.get('ann')).toEqual({ plan: 'pro' })
    }))

  it('sends what is due when it is deregistered, and lets go of the store', () =>
    withService(async ({ analytics, identify, sandbox, create, sender }) => {
      await analytics.register(create({ flushIntervalMs: 60_000 }))
      await identify({ traits: { plan: 'pro' } })
      expect(sandbox.stats.calls).toBe(0)
      await analytics.deregister('Dopt')
      expect(sandbox.users.get('ann')).toEqual({ plan: 'pro' })
      await sender()
    }))

  it('sends what is due when it is flushed, and goes on', () =>
    withService(async ({ analytics, identify, sandbox, create }) => {
      const plugin = create({ flushIntervalMs: 60_000 })
      await analytics.register(plugin)
      for (const plan of ['free', 'pro']) {
        await identify({ traits: { plan } })
        await plugin.flush()
        expect(sandbox.users.get('ann')).toEqual({ plan })
      }
      await plugin.closeAndFlush()
    }))

  it('still takes what it was given before it was closed, and nothing after', () =>
    withService(async ({ analytics, errors, identify, sandbox, create }) => {
      const plugin = create()
      await analytics.register(plugin)
      await identify({ userId: 'first' })
      const failures: unknown[] = []
      const event = { type: 'identify', userId: 'given', messageId: 'g' }
      const given = plugin.identify({ event, setFailedDelivery: ({ reason }) => void failures.push(reason) })
      await Promise.all([plugin.closeAndFlush(), plugin.closeAndFlush(), given])
      expect(failures).toEqual([])
      expect([...sandbox.users.keys()]).toEqual(['first', 'given'])

      expect(await identify({ userId: 'late' })).toMatchObject({ code: 'closed' })
      await until(() => errors.length > 0, "the SDK's error listeners")
      expect(errors).toMatchObject([{ code: 'closed' }])
    }))

  it('takes the event as it was when it was given, whatever becomes of the object', () =>
    withService(async ({ sandbox, create }) => {
      const plugin = create()
      const traits: Record<string, unknown> = { plan: 'pro' }
      const event = { type: 'identify', userId: 'ann', messageId: 'm', timestamp: new Date(), traits }
      const taken = plugin.identify({ event, setFailedDelivery: () => undefined })
      traits.plan = 'changed'
      await taken
      await plugin.closeAndFlush()
      expect(sandbox.users.get('ann')).toEqual({ plan: 'pro' })
    }))
})

describe('when something is wrong, the service goes on', () => {
  it('with mistakes in the options told at once', () => {
    expect(() => doptPlugin({ apiKey: '' })).toThrow(ConfigurationError)
    expect(() => doptPlugin({ apiKey: KEY, batchSize: 101 })).toThrow(/batchSize/)
    expect(() => doptPlugin({ apiKey: KEY, subscriptions: [] })).toThrow(ConfigurationError)
  })

  it('where the store cannot be opened: Segment gets its events, and the store is tried again', () =>
    withService(async ({ analytics, atSegment, errors, identify, sandbox, dir, create }) => {
      const logged: string[] = []
      const log = (_fields: object, message: string): void => void logged.push(message)
      const logger = { debug: log, info: log, warn: log, error: log }
      const store = `${dir}/in-the-way`
      mkdirSync(store)
      const plugin = create({ store, logger })
      await analytics.register(plugin)
      const failure = await identify({ traits: { n: 1 } })
      expect(failure).toBeInstanceOf(StoreError)
      expect(failure).toMatchObject({ code: 'is-directory' })
      await until(() => errors.length > 0, "the SDK's error listeners")
      expect(errors).toEqual([failure])
      expect(atSegment).toHaveLength(1)
      expect(logged).toEqual([expect.stringMatching(/^events are not stored, and will not reach Dopt: .*in-the-way/)])
      await plugin.flush()

      rmdirSync(store)
      await until(async () => (await identify({ traits: { n: 2 } })) === undefined, 'the store to be opened')
      await plugin.closeAndFlush()
      expect(logged.filter((line) => line.includes('not stored'))).toHaveLength(1)
      expect(sandbox.users.get('ann')).toEqual({ n: 2 })
    }))

  it('where the store has reached its limit; without a logger, one warning says so, and no more follow', () =>
    withService(async ({ analytics, atSegment, identify, create }) => {
      const warnings: unknown[][] = []
      jest.spyOn(process, 'emitWarning').mockImplementation((...args: unknown[]) => void warnings.push(args))
      const plugin = create({ maxStoreBytes: 1 })
      await analytics.register(plugin)
      expect(await identify({})).toMatchObject({ code: 'limit' })
      expect(warnings).toEqual([
        [
          expect.stringMatching(/^events are not stored, and will not reach Dopt: .* its limit of/),
          { type: 'DoptWarning' }
        ]
      ])
      await identify({})
      expect(warnings).toHaveLength(1)
      expect(atSegment).toHaveLength(2)
      await plugin.closeAndFlush()
    }))

  it('where an event cannot be right, or cannot be written down', () =>
    withService(async ({ create, reader }) => {
      const circular: Record<string, unknown> = {}
      circular.self = circular
      const deep = `${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}`
      const plugin = create()
      const outcomes: unknown[] = []
      for (const traits of [
        'text',
        circular,
        { n: 1n },
        {
          toJSON: () => {
            throw new Error('no')
          }
        },
        JSON.parse(deep),
        {}
      ]) {
        let outcome: unknown = 'taken'
        const event = { type: 'identify', userId: 'ann', messageId: String(outcomes.length), traits: traits as unknown }
        await plugin.identify({ event, setFailedDelivery: ({ reason }) => void (outcome = reason) })
        outcomes.push(outcome)
      }
      expect(outcomes.slice(0, 4)).toEqual(outcomes.slice(0, 4).map(() => expect.any(Error) as unknown))
      expect(outcomes[0]).toMatchObject({ message: expect.stringMatching(/^rejected: traits is/) as string })
      expect(outcomes[5]).toBe('taken')
      await plugin.closeAndFlush()
      const books = await (await reader()).books()
      expectBalanced(books)
    }))

  it('where another process sends from the store: it takes events in, and takes over when that one is gone', () =>
    withService(async ({ analytics, identify, sandbox, create, sender }) => {
      const old = await sender()
      const plugin = create()
      await analytics.register(plugin)
      expect(await identify({ userId: 'while-the-old-one-runs' })).toBeUndefined()
      await until(() => sandbox.users.size === 1, 'the old process to send')
      await old.close()

      // None is lost while it takes over.
      let sent = 0
      const outcomes: unknown[] = []
      await until(async () => {
        outcomes.push(await identify({ userId: `user-${sent++}` }))
        return sandbox.users.size > 1
      }, 'the plugin to take over')
      await plugin.closeAndFlush()
      expect(outcomes.filter((outcome) => outcome !== undefined)).toEqual([])
      expect(sandbox.users.size).toBe(sent + 1)
    }))
})

/** The types, which only the compiler looks at: the SDK's own context fits. */
export type Fits = Context extends Parameters<ReturnType<typeof doptPlugin>['identify']>[0] ? true : never
