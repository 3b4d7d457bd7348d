import { isUtf8 } from 'node:buffer'
import { whyNotJson } from '../why-not-json.js'
import { byteOrderMarkLength } from '../detect-format.js'
import { badInput } from './http-error.js'
import { findMistake } from './json-mistake.js'
import { outlineOf } from './json-text.js'

export interface ParsedBody {
  value: unknown
  bytes: number
  /** How deeply its brackets are nested. */
  depth: number
  /** Size in bytes of its longest event, if it has several; items that are not objects or arrays do not count. */
  longestEvent: number
  /** False if bytes that are not UTF-8 were read as U+FFFD. */
  isUtf8: boolean
}

/** Parses a body as JSON, whatever its content type. Throws HttpError, which says where the mistake is. */
export function parseBody(received: Buffer): ParsedBody {
  // JSON has no byte-order mark, but some senders add one. It is not counted in sizes and offsets.
  const mark = byteOrderMarkLength(received)
  const body = mark === 0 ? received : received.subarray(mark)
  if (body.length === 0) throw badInput('invalid_json', 'the body is empty: send JSON')
  const text = body.toString('utf8')
  try {
    const value: unknown = JSON.parse(text)
    return { value, bytes: body.length, ...outlineOf(body), isUtf8: isUtf8(body) }
  } catch (error) {
    throw badInput('invalid_json', describe(error, text))
  }
}

function describe(error: unknown, text: string): string {
  const { position, event } = findMistake(text)
  const reason = whyNotJson(error, text.length, 'body')
  const byte = Buffer.byteLength(text.slice(0, position))
  return `${reason} (${event === undefined ? '' : `event ${event}, `}byte ${byte})`
}
