import type { NewEvent } from '../../src/store/store.js'
import type { Translation } from '../../src/translate/translation.js'
import { Translator } from '../../src/translate/translator.js'

/** When the events of these tests arrive. */
export const ARRIVED = Date.UTC(2026, 5, 1)

export type Event = Record<string, unknown>

export function identify(parts: Event = {}): Event {
  return { type: 'identify', userId: 'u', messageId: 'm', traits: { plan: 'pro' }, ...parts }
}

export const translator = new Translator({ nestedProperties: 'flatten' })

export async function translateOne(event: unknown): Promise<Translation> {
  const [translation, ...rest] = await translator.translate([event], ARRIVED)
  if (translation === undefined || rest.length > 0) throw new Error('one event has one translation')
  return translation
}

/** The event that one that is for us becomes. */
export async function accepted(event: unknown): Promise<NewEvent> {
  const translation = await translateOne(event)
  if (translation.kind !== 'event') throw new Error(`${translation.kind}: ${translation.reason}`)
  return translation.event
}

/** `{"a":{"a":…leaf}}`, so deep that functions which call themselves run out of stack when it is deep enough. */
export function nested(depth: number, leaf: unknown = 'leaf'): unknown {
  let value = leaf
  for (let level = 0; level < depth; level++) value = { a: value }
  return value
}

/** `[[…]]`, as deep. */
export function nestedList(depth: number): unknown {
  let value: unknown[] = []
  for (let level = 1; level < depth; level++) value = [value]
  return value
}
