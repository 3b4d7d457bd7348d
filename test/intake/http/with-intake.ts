import { join } from 'node:path'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { Forwarder, type Receipt, type SourcedEvent } from '../../../src/forwarder.js'
import { buildIntake, type IntakeForwarder } from '../../../src/intake/http/app.js'
import { startIntake, type HttpIntake } from '../../../src/intake/http/listen.js'
import { resolveHttpOptions, type HttpIntakeOptions } from '../../../src/intake/http/options.js'
import type { ForwarderOptions } from '../../../src/options.js'
import type { Logger } from '../../../src/delivery/logger.js'
import type { Books, EventRecord } from '../../../src/store/store.js'
import { withTempDir } from '../../helpers/temp-dir.js'

export interface Answer {
  status: number
  headers: LightMyRequestResponse['headers']
  body: unknown
}

export interface PostOptions {
  headers?: Record<string, string>
  method?: 'POST' | 'PUT' | 'PATCH'
  remoteAddress?: string
}

export interface IntakeBench {
  app: FastifyInstance
  forwarder: Forwarder
  /** JSON for an object, text and bytes as they are. */
  post: (path: string, body: unknown, options?: PostOptions) => Promise<Answer>
  get: (path: string, options?: { headers?: Record<string, string>; remoteAddress?: string }) => Promise<Answer>
  beginShutdown: () => void
  books: () => Promise<Books>
  /** The stored event with this message id. */
  stored: (messageId: string) => Promise<EventRecord | undefined>
}

export interface IntakeSetup extends HttpIntakeOptions {
  forwarderOptions?: ForwarderOptions
  logger?: Logger
  /** Wraps what the intake gives its events to. */
  wrap?: (forwarder: Forwarder) => IntakeForwarder
}

/** Runs `use` with an intake that does not listen, on a store that sends nothing, and removes everything afterwards. */
export async function withIntake(setup: IntakeSetup, use: (bench: IntakeBench) => Promise<void>): Promise<void> {
  await withForwarder(setup.forwarderOptions ?? {}, async (forwarder) => {
    const { forwarderOptions, logger, wrap, ...http } = setup
    void forwarderOptions
    const intake = buildIntake(
      { forwarder: wrap?.(forwarder) ?? forwarder, readStatus: () => forwarder.books(), logger },
      resolveHttpOptions(http)
    )
    const { app } = intake
    try {
      await use({
        app,
        forwarder,
        beginShutdown: () => intake.beginShutdown(),
        books: () => forwarder.books(),
        stored: (messageId) => forwarder.store.getEvent(messageId),
        get: async (url, options = {}) => toAnswer(await app.inject({ method: 'GET', url, ...options })),
        post: async (url, body, { method = 'POST', ...options } = {}) => {
          const payload = Buffer.isBuffer(body) || typeof body === 'string' ? body : JSON.stringify(body)
          return toAnswer(await app.inject({ method, url, payload, ...options }))
        }
      })
    } finally {
      await app.close()
    }
  })
}

/** Runs `use` with an intake that listens on a free port of this machine. */
export async function withListeningIntake(
  setup: IntakeSetup,
  use: (intake: HttpIntake, forwarder: Forwarder) => Promise<void>
): Promise<void> {
  const { forwarderOptions, logger, wrap, ...http } = setup
  await withForwarder(forwarderOptions ?? {}, async (forwarder) => {
    const needs = { forwarder: wrap?.(forwarder) ?? forwarder, readStatus: () => forwarder.books(), logger }
    const intake = await startIntake(needs, { port: 0, ...http })
    try {
      await use(intake, forwarder)
    } finally {
      await intake.close({ deadlineMs: 0 })
    }
  })
}

export async function withForwarder(
  options: ForwarderOptions,
  use: (forwarder: Forwarder) => Promise<void>
): Promise<void> {
  await withTempDir(async (dir) => {
    const forwarder = await Forwarder.create({
      ...{ send: false, store: join(dir, 'store.db'), synchronous: 'normal' },
      ...options
    })
    try {
      await use(forwarder)
    } finally {
      await forwarder.close()
    }
  })
}

function toAnswer(response: LightMyRequestResponse): Answer {
  const { statusCode: status, headers, body: text } = response
  const isJson = String(headers['content-type']).includes('json')
  return { status, headers, body: isJson ? (JSON.parse(text) as unknown) : text }
}

/** A forwarder whose `acceptSourced` is in the test's hands. */
export function accepting(
  acceptSourced: (events: readonly SourcedEvent[], forwarder: Forwarder) => Promise<Receipt>
): (forwarder: Forwarder) => IntakeForwarder {
  return (forwarder) => ({
    store: forwarder.store,
    sender: forwarder.sender,
    totals: forwarder.totals,
    books: () => forwarder.books(),
    acceptSourced: (events) => acceptSourced(events, forwarder)
  })
}

export const SUCCESS = { status: 200, body: { success: true } }

let messages = 0

/** An identify that no other test has sent. */
export function identify(parts: Record<string, unknown> = {}): Record<string, unknown> & { messageId: string } {
  messages++
  return {
    type: 'identify',
    messageId: `message-${messages}`,
    userId: `user-${messages}`,
    traits: { n: messages },
    ...parts
  }
}

/** `Authorization` as SDKs send a write key. */
export function basic(key: string): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(key).toString('base64')}` }
}
