import { formatBytes } from '../../format-bytes.js'
import type { SourcedEvent } from '../../forwarder.js'
import { messageIdOf } from '../../translate/message-id.js'
import { clientTimestamp, isTime } from '../../translate/client-time.js'
import { badInput } from './http-error.js'
import type { ParsedBody } from './parse-body.js'

type JsonObject = Readonly<Record<string, unknown>>

export interface UnpackLimits {
  maxEventBytes: number
  maxBatchBytes: number
  maxBatchEvents: number
}

/** Where and when a request arrived. */
export interface Arrival {
  /** The name of the source in rejections. */
  source: string
  receivedAt: number
}

/** What a batch sets for all its events; each event may override it. */
interface Envelope {
  context?: unknown
  integrations?: unknown
  timestamp?: unknown
  sentAt?: unknown
}

/** Far more than real events need, far less than what overflows a stack. */
const MAX_DEPTH = 100
/** How much larger than the largest batch one may become when every event has what the batch sets for all. */
const MAX_GROWTH = 20

export const REJECTED_FOR_SIZE = 'the event is larger than'
export const REJECTED_FOR_DEPTH = 'the event is nested more than'
export const REJECTED_FOR_ENCODING = 'the event contains bytes that are not UTF-8'

/** The event of a route such as `/v1/identify`, which determines its type. Throws HttpError. */
export function unpackEvent(body: ParsedBody, type: string, arrival: Arrival): SourcedEvent[] {
  return [toSourced(complete({ ...requireSound(body), type }, {}, arrival), arrival.source)]
}

/**
 * The events of `{ "batch": […] }`. Throws HttpError for an invalid batch; an invalid event in it is rejected alone.
 */
export function unpackBatch(body: ParsedBody, limits: UnpackLimits, arrival: Arrival): SourcedEvent[] {
  if (!isObject(body.value)) throw notAnObject(body.value)
  const { batch, ...envelope } = body.value
  if (!Array.isArray(batch)) throw badInput('invalid_event', 'the body has no batch: send {"batch":[…]}')
  if (body.depth > MAX_DEPTH && isDeeper(envelope, MAX_DEPTH)) throw tooDeep()
  requireModest(envelope, batch.length, body.bytes, limits)
  return unpackList(batch, body, limits, arrival, envelope)
}

/** A context of a few kilobytes, repeated in thousands of events, would take gigabytes. Throws HttpError. */
function requireModest(envelope: Envelope, events: number, bytes: number, limits: UnpackLimits): void {
  const { context, integrations, timestamp } = envelope
  const most = MAX_GROWTH * limits.maxBatchBytes
  // It cannot be larger than the body.
  if (events * bytes <= most) return
  const each = Buffer.byteLength(JSON.stringify({ context, integrations, timestamp }))
  if (events * each <= most) return
  throw badInput(
    'too_large',
    `what the batch sets for all events (context, integrations, timestamp), ${formatBytes(each)}, would be repeated in ${events} events: send fewer events at a time`
  )
}

/** The events of a webhook: one, or an array of them. Throws HttpError. */
export function unpackWebhook(body: ParsedBody, limits: UnpackLimits, arrival: Arrival): SourcedEvent[] {
  if (Array.isArray(body.value)) return unpackList(body.value, body, limits, arrival, {})
  const event = requireSound(body)
  if (body.bytes > limits.maxEventBytes) {
    throw badInput('too_large', `${REJECTED_FOR_SIZE} ${formatBytes(limits.maxEventBytes)}`)
  }
  return [toSourced(complete(event, {}, arrival), arrival.source)]
}

/** The write key in a body; a batch or a single event may have one. */
export function writeKeyIn(value: unknown): unknown {
  return isObject(value) ? value.writeKey : undefined
}

function requireSound(body: ParsedBody): JsonObject {
  if (!isObject(body.value)) throw notAnObject(body.value)
  if (!body.isUtf8) throw badInput('invalid_encoding', REJECTED_FOR_ENCODING)
  if (body.depth > MAX_DEPTH) throw tooDeep()
  return body.value
}

function unpackList(
  items: readonly unknown[],
  body: ParsedBody,
  limits: UnpackLimits,
  { source, receivedAt }: Arrival,
  envelope: Envelope
): SourcedEvent[] {
  const { maxEventBytes, maxBatchEvents } = limits
  if (items.length > maxBatchEvents) {
    throw badInput('too_many_events', `the batch has ${items.length} events: send at most ${maxBatchEvents} at a time`)
  }
  const isSuspicious = body.longestEvent > maxEventBytes || body.depth > MAX_DEPTH || !body.isUtf8
  return items.map((item, index) => {
    const itemSource = `${source}, event ${index}`
    const asEvent = (): unknown => (isObject(item) ? complete(item, envelope, { source, receivedAt }) : item)
    const fault = isSuspicious ? findFault(item, body, maxEventBytes, asEvent) : undefined
    return fault === undefined ? toSourced(asEvent(), itemSource) : { source: itemSource, value: fault }
  })
}

/** `asEvent` returns what is stored: a replay does not have the rest of the batch. */
function findFault(
  item: unknown,
  body: ParsedBody,
  maxBytes: number,
  asEvent: () => unknown
): SourcedEvent['value'] | undefined {
  if (body.depth > MAX_DEPTH && isDeeper(item, MAX_DEPTH)) {
    return {
      malformed: `${REJECTED_FOR_DEPTH} ${MAX_DEPTH} levels deep`,
      raw: '(too deeply nested to be kept)',
      complete: false
    }
  }
  const text = JSON.stringify(item)
  const isTooLarge = Buffer.byteLength(text) > maxBytes
  if (!isTooLarge && (body.isUtf8 || !text.includes('\ufffd'))) return undefined
  const raw = JSON.stringify(asEvent())
  return isTooLarge
    ? { malformed: `${REJECTED_FOR_SIZE} ${formatBytes(maxBytes)}`, raw, complete: true }
    : { malformed: REJECTED_FOR_ENCODING, raw, complete: false }
}

/**
 * The event with what its batch sets for it, with a time if it has none, and without the write key. Usually nothing
 * changes, and the event itself is returned.
 */
function complete(item: JsonObject, envelope: Envelope, { receivedAt }: Arrival): JsonObject {
  const event = Object.hasOwn(item, 'writeKey') ? withoutWriteKey(item) : item
  const changes: Record<string, unknown> = {}
  for (const name of ['context', 'integrations'] as const) {
    const merged = merge(envelope[name], event[name])
    if (merged !== event[name]) changes[name] = merged
  }
  if (!isSet(event.timestamp) || (isSet(event.originalTimestamp) && !isTime(event.timestamp))) {
    const { originalTimestamp } = event
    const sentAt = isSet(event.sentAt) ? event.sentAt : envelope.sentAt
    const timestamp = clientTimestamp({ originalTimestamp, sentAt }, receivedAt) ?? timeOf(envelope)
    // If it is resent, it may get another time, so its message id is derived without it.
    if (timestamp !== undefined) Object.assign(changes, { timestamp, messageId: messageIdOf(event) })
  }
  return Object.keys(changes).length === 0 ? event : { ...event, ...changes }
}

function timeOf({ timestamp }: Envelope): unknown {
  return isTime(timestamp) ? timestamp : undefined
}

function withoutWriteKey({ writeKey, ...event }: JsonObject): JsonObject {
  void writeKey
  return event
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}

/** Merged by name; the event's values win. */
function merge(ofBatch: unknown, ofEvent: unknown): unknown {
  if (!isObject(ofBatch)) return ofEvent
  if (ofEvent === undefined || ofEvent === null) return ofBatch
  return isObject(ofEvent) ? { ...ofBatch, ...ofEvent } : ofEvent
}

function toSourced(event: unknown, source: string): SourcedEvent {
  return { source, value: { event } }
}

/** Whether a value is nested more deeply than `limit`. */
function isDeeper(value: unknown, limit: number): boolean {
  let level = [value]
  for (let depth = 0; level.length > 0; depth++) {
    const nested = level.filter((item) => typeof item === 'object' && item !== null)
    if (nested.length > 0 && depth >= limit) return true
    level = nested.flatMap((item): unknown[] => Object.values(item))
  }
  return false
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function notAnObject(value: unknown): Error {
  return badInput(
    'invalid_event',
    `the body is ${Array.isArray(value) ? 'an array' : 'not an object'}: send a JSON object`
  )
}

function tooDeep(): Error {
  return badInput('invalid_event', `${REJECTED_FOR_DEPTH} ${MAX_DEPTH} levels deep`)
}
