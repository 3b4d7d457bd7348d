import type { UserEntry } from '../destination/dopt-api.js'

/**
 * That a user is in a group is kept as a property of the user, under a name that no other property has: so the newest
 * counts, what Dopt has is not sent again, and calls are merged, split and replayed with it as with any other property.
 */
const RESERVED = '\0'
const MEMBERSHIP = `${RESERVED}g`
/** In front of the name of a property that begins as a reserved one does: somebody may have called it that. */
const ESCAPE = `${RESERVED}p`

/** How a name that is reserved, or a value that looks like one, begins in JSON text. Few texts have it. */
const MARK = '"\\u0000'

/** A subject's properties and memberships, as an event gives them. */
export interface Content {
  /** JSON object text. */
  properties: string
  /** Identifiers of groups that the user is put into. */
  groups: readonly string[]
}

/** The text for the store. */
export function toStored(properties: string, groups: readonly string[] = []): string {
  const own = properties.includes(MARK) ? escapeNames(properties) : properties
  if (groups.length === 0) return own
  const wellFormed = new Set(groups.map((group) => group.toWellFormed()))
  const names = [...wellFormed].map((group) => `${JSON.stringify(MEMBERSHIP + group)}:true`).join(',')
  return own === '{}' ? `{${names}}` : `${own.slice(0, -1)},${names}}`
}

/** What `toStored` was given. */
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

/** What a call says of the user or group. A group that a user is put into keeps its properties. */
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
