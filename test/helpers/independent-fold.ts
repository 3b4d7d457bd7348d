/**
 * What Dopt should hold after a file of Segment events, worked out a second time from the rules alone.
 *
 * It imports nothing of the product and keeps everything in memory: the tests judge the product by it, so it must not
 * share its mistakes. It knows the default mapping only and, of groups, that of test/helpers/groups-config.ts.
 */

type Json = Record<string, unknown>

interface Held {
  timeMs: number
  value: unknown
}

const OUR_NAMES = ['Dopt', 'Dopt (Actions)']
const RESERVED_NAME = '__dopt_identifier'

/** Identifier → property → value. */
type Folded = Map<string, Record<string, unknown>>

/** Folds NDJSON lines, in the order of arrival, into user id → flat properties. Lines that are not events are passed over. */
export function foldUsers(lines: Iterable<string>): Folded {
  return foldEvents(lines, { groups: false }).users
}

/** As `foldUsers`, with groups where they are asked for; memberships are user id → groups. */
export function foldEvents(
  lines: Iterable<string>,
  options: { groups: boolean }
): { users: Folded; groups: Folded; memberships: Map<string, Set<string>> } {
  const users = new Map<string, Map<string, Held>>()
  const groups = new Map<string, Map<string, Held>>()
  const memberships = new Map<string, Set<string>>()
  const seen = new Set<string>()

  for (const line of lines) {
    const event = parse(line)
    const isGroup = options.groups && event?.type === 'group'
    if (event === undefined || !(event.type === 'identify' || isGroup) || isExcluded(event.integrations)) continue
    const userId = identifierOf(event.userId)
    const context = isObject(event.context) ? event.context : {}
    const groupId = options.groups ? identifierOf(isGroup ? event.groupId : context.groupId) : undefined
    const traits = event.traits ?? {}
    if ((isGroup ? groupId : userId) === undefined || !isObject(traits)) continue

    const message = typeof event.messageId === 'string' ? `id ${event.messageId}` : `content ${JSON.stringify(event)}`
    if (seen.has(message)) continue
    seen.add(message)

    const timeMs = eventTimeMs(event.timestamp)
    const ofGroup = isGroup ? traits : isObject(context.account) ? context.account : {}
    if (userId !== undefined) hold(users, userId, isGroup ? {} : traits, timeMs)
    if (groupId !== undefined) hold(groups, groupId, ofGroup, timeMs)
    if (userId !== undefined && groupId !== undefined) {
      memberships.set(userId, (memberships.get(userId) ?? new Set()).add(groupId))
    }
  }

  return { users: valuesOf(users), groups: valuesOf(groups), memberships }
}

function hold(all: Map<string, Map<string, Held>>, identifier: string, traits: Json, timeMs: number): void {
  const properties = all.get(identifier) ?? new Map<string, Held>()
  all.set(identifier, properties)
  for (const [name, value] of flatten(traits)) {
    const held = properties.get(name)
    // Equal times fall to the later arrival, which is the one at hand.
    if (held === undefined || timeMs >= held.timeMs) properties.set(name, { timeMs, value })
  }
}

function valuesOf(all: ReadonlyMap<string, Map<string, Held>>): Folded {
  return new Map(
    Array.from(all, ([id, held]) => [id, Object.fromEntries(Array.from(held, ([name, { value }]) => [name, value]))])
  )
}

function parse(line: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function identifierOf(userId: unknown): string | undefined {
  const text = typeof userId === 'number' ? String(userId) : userId
  return typeof text === 'string' && text !== '' ? text : undefined
}

/** One of our names set to false excludes us; `All: false` does too, unless one of our names is true or an object. */
function isExcluded(integrations: unknown): boolean {
  if (!isObject(integrations)) return false
  const ours = OUR_NAMES.map((name) => integrations[name])
  if (ours.includes(false)) return true
  return integrations.All === false && !ours.some((value) => value === true || isObject(value))
}

/** An event without a usable time, or from the future, happened when it arrived: after every event that has one. */
function eventTimeMs(timestamp: unknown): number {
  const timeMs = typeof timestamp === 'string' && /^\d{4}-\d\d-\d\d/.test(timestamp) ? Date.parse(timestamp) : NaN
  return Number.isNaN(timeMs) || timeMs > Date.now() ? Infinity : timeMs
}

/** Level by level, so that a shallower name is met first and keeps its place; within a level, in the order written. */
function flatten(traits: Json): Map<string, unknown> {
  const flat = new Map<string, unknown>()
  let level = Object.entries(traits)
  while (level.length > 0) {
    const below: [string, unknown][] = []
    for (const [name, value] of level) {
      if (isObject(value)) {
        for (const [key, nested] of Object.entries(value)) below.push([`${name}_${key}`, nested])
      } else if (name !== RESERVED_NAME && !flat.has(name)) {
        flat.set(name, Array.isArray(value) ? JSON.stringify(value) : value)
      }
    }
    level = below
  }
  return flat
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
