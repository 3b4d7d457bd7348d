/** The benchmark's input: the same events for the same numbers, on every machine. */
import { closeSync, openSync, writeSync } from 'node:fs'

const PLANS = ['free', 'starter', 'growth', 'business', 'enterprise']
const COUNTRIES = ['US', 'DE', 'IN', 'BR', 'JP', 'NG', 'FR', 'CA']
const FIRST_EVENT_AT = Date.parse('2026-03-01T00:00:00Z')
const LINES_A_WRITE = 2000

/** What the events' marks are called; the sink reads them back. */
const MARK = 'visit'

export const isMark = (name) => name.startsWith(MARK)

/**
 * Writes `events` identify events of `users` users as NDJSON, about 440 bytes each, in the order in which they happened.
 * Each carries a property that no other event of its user has, with the number of the event as its value: what arrives
 * shows which events did, however they are merged.
 */
export function generateEvents(file, options) {
  const output = openSync(file, 'w')
  let lines = []
  const write = () => {
    if (lines.length > 0) writeSync(output, `${lines.join('\n')}\n`)
    lines = []
  }
  for (const event of makeEvents(options)) {
    lines.push(JSON.stringify(event))
    if (lines.length === LINES_A_WRITE) write()
  }
  write()
  closeSync(output)
}

/** The same events one by one. */
export function* makeEvents({ events, users, seed = 1 }) {
  const random = mulberry32(seed)
  const order = shuffle(
    Uint32Array.from({ length: events }, (_, index) => index % users),
    random
  )
  const visits = new Uint32Array(users)
  for (const [index, user] of order.entries()) yield makeEvent(index, user, (visits[user] += 1), random)
}

function makeEvent(index, user, visit, random) {
  const pick = (list) => list[Math.floor(random() * list.length)]
  const at = new Date(FIRST_EVENT_AT + index * 250).toISOString()
  return {
    type: 'identify',
    messageId: `api-${hex(random)}${hex(random)}-${index}`,
    userId: `user-${user.toString().padStart(7, '0')}`,
    traits: {
      name: `Person ${user}`,
      email: `person.${user}@example.com`,
      plan: pick(PLANS),
      country: pick(COUNTRIES),
      seats: Math.floor(random() * 200),
      isAdmin: random() < 0.2,
      [`${MARK}${visit}`]: index
    },
    context: { library: { name: '@segment/analytics-node', version: '3.1.0' } },
    timestamp: at,
    originalTimestamp: at,
    sentAt: at,
    receivedAt: at
  }
}

function hex(random) {
  return Math.floor(random() * 0x100000000)
    .toString(16)
    .padStart(8, '0')
}

function shuffle(list, random) {
  for (let last = list.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    ;[list[last], list[other]] = [list[other], list[last]]
  }
  return list
}

/** A small generator of chance that is the same everywhere. */
function mulberry32(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
