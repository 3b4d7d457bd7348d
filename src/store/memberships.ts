import type { UserEntry } from '../destination/dopt-api.js'

/**
 * A user's membership in a group is stored as a property of the user, under a reserved name. So it is merged,
 * superseded, split and replayed like any other property, and not sent again if Dopt has it.
 */
const RESERVED = '\0'
const MEMBERSHIP = `${RESERVED}g`
/** Escapes a property whose own name begins like a reserved one. */
const ESCAPE = `${RESERVED}p`

/** How a reserved name, or a value that looks like one, begins in JSON text. Few texts contain it. */
const MARK = '"\\u0000'

/** Properties and memberships of a user or group, from an event. */
export interface Content {
  /** The text of a JSON object. */
  properties: string
  /** Identifiers of the groups that the user is put into. */
  groups: readonly string[]
}

/** The text to store. */
export function toStored(properties: string, groups: readonly string[] = []): string {
  const own = properties.includes(MARK) ? escapeNames(properties) : properties
  if (groups.length === 0) return own
  const wellFormed = new Set(groups.map((group) => group.toWellFormed()))
  const names = [...wellFormed].map((group) => `${JSON.stringify(MEMBERSHIP + group)}:true`).join(',')
  return own === '{}' ? `{${names}}` : `${own.slice(0, -1)},${names}}`
}

/** The reverse of `toStored`. */
export function fromStored(stored: string): Content {
  if (!stored.includes(MARK)) return { properties: stored, groups: [] }
  const groups: string[] = []
  const own: Array<[string, unknown]> = []
  for (const [name, value] of entriesOf(stored)) {
    if (name.startsWith(MEMBERSHIP)) groups.push(name.slice(MEMBERSHIP.length))
    else own.push([name.startsWith(ESCAPE) ? name.slice(ESCAPE.length) : name, value])
  }
  return { properties: JSON.stringify(Object.fromEntries(own)), groups }
}

/**
 * The entry to send for the user or group. Groups that a user is put into are sent without properties, and so keep
 * theirs.
 */
export function toEntry(identifier: string, stored: string): UserEntry {
  const { properties, groups } = fromStored(stored)
  if (groups.length === 0) return { identifier, properties }
  return { identifier, properties, groups: groups.map((group) => ({ identifier: group, properties: '{}' })) }
}

function escapeNames(properties: string): string {
  const escaped = entriesOf(properties).map(([name, value]) => [
    name.startsWith(RESERVED) ? ESCAPE + name : name,
    value
  ])
  return JSON.stringify(Object.fromEntries(escaped))
}

function entriesOf(text: string): Array<[string, unknown]> {
  return Object.entries(JSON.parse(text) as Record<string, unknown>)
}
