import { createHash } from 'node:crypto'
import { isTime } from './client-time.js'

/** Longer ids, which no SDK creates, are stored as a hash. */
const MAX_MESSAGE_ID = 256

/** Set anew each time an event is sent, so not part of its identity. */
const TRANSPORT_FIELDS = new Set(['messageId', 'sentAt', 'receivedAt'])

/** The event's `messageId`, or one derived from its content, independent of the order of keys. */
export function messageIdOf(event: Record<string, unknown>): string {
  const { messageId } = event
  if (typeof messageId === 'string' && messageId !== '') {
    return messageId.length <= MAX_MESSAGE_ID ? messageId : `long-${hash(messageId)}`
  }
  if (Number.isSafeInteger(messageId)) return String(messageId)
  const content = Object.entries(event).filter(([name]) => !TRANSPORT_FIELDS.has(name))
  // JSON.parse makes the same number of several large ones: it does not identify the event, but is part of it.
  if (typeof messageId === 'number') content.push(['messageId', messageId])
  // Without another time, when it was received is when it happened.
  const { timestamp, originalTimestamp, receivedAt } = event
  if (!isTime(timestamp) && !isTime(originalTimestamp) && isTime(receivedAt)) content.push(['receivedAt', receivedAt])
  return `derived-${hash(JSON.stringify(Object.fromEntries(content), sortKeys))}`
}

function sortKeys(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 40)
}
