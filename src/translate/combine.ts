import { flattenProperties, flattenToText } from '../destination/index.js'
import type { NewPart } from '../store/store.js'
import type { Captured, Mapped } from './capture.js'
import type { IgnoredReason } from './translation.js'

/** The users and groups that one event updates, in the order in which they are sent. */
export type Combined =
  | { kind: 'parts'; parts: readonly [NewPart, ...NewPart[]]; timestamp: string | undefined }
  | { kind: 'ignored'; reason: IgnoredReason }
  | { kind: 'rejected'; reason: string }

/** A payload with an identifier. */
type Named = Mapped & { identifier: string }
type Properties = Record<string, unknown>

/** Whether it is more than white space. */
function isIdentifier(identifier: string | undefined): identifier is string {
  return identifier !== undefined && identifier.trim() !== ''
}

/**
 * Combines what the subscriptions made of one event. The event counts once: if one subscription cannot map it, nothing
 * of it is sent. May throw, depending on the event's values.
 */
export function combine(results: readonly Captured[]): Combined {
  const [only] = results
  if (results.length === 1 && only?.kind === 'mapped' && isUserAlone(only)) {
    const { identifier, properties, nestedProperties, timestamp } = only
    const part = { identifier, properties: flattenToText(properties ?? {}, nestedProperties) }
    return { kind: 'parts', parts: [part], timestamp }
  }
  const invalid = results.find((result) => result.kind === 'invalid')
  if (invalid !== undefined) return { kind: 'rejected', reason: invalid.reason }
  const mapped = results.filter((result) => result.kind === 'mapped')
  const named = mapped.filter((result): result is Named => isIdentifier(result.identifier))
  if (named.length === 0) return { kind: 'ignored', reason: mapped.length > 0 ? 'no-identifier' : 'type' }
  const timestamp = named.find((result) => result.timestamp !== undefined)?.timestamp
  const users = new Set(named.flatMap((result) => userOf(result) ?? []))
  if (users.size > 1) {
    return {
      kind: 'rejected',
      reason: 'two subscriptions map it to different users: change their triggers so that only one matches'
    }
  }
  const [user] = users
  const [part, ...more] = partsOf(named, user)
  if (part === undefined) return { kind: 'ignored', reason: 'no-identifier' }
  return { kind: 'parts', parts: [part, ...more], timestamp }
}

/** The case of most events. */
function isUserAlone(result: Mapped): result is Named {
  return result.subject === 'user' && result.groups.length === 0 && isIdentifier(result.identifier)
}

function userOf({ subject, identifier, member }: Named): string | undefined {
  if (subject === 'user') return identifier
  return isIdentifier(member) ? member : undefined
}

/**
 * The user's part, and one for each group with properties. The user of an identify goes first; a user that a group
 * event only names goes after the group. Several payloads for one user or group are merged; the last value of a
 * property wins.
 */
function partsOf(named: readonly Named[], user: string | undefined): NewPart[] {
  const ofUser = named.filter(({ subject }) => subject === 'user')
  const groups = new Map<string, Properties>()
  const joined = new Set<string>()
  const tell = (group: string, what: Properties): void => {
    // Not a copy each time: one event may name a group thousands of times.
    const known = groups.get(group) ?? (Object.create(null) as Properties)
    groups.set(group, Object.assign(known, what))
  }
  for (const result of named) {
    if (result.subject === 'group') {
      tell(result.identifier, merge([result]))
      if (userOf(result) !== undefined) joined.add(result.identifier)
    }
    for (const group of result.groups) {
      joined.add(group.identifier)
      if (Object.keys(group.properties).length > 0) tell(group.identifier, group.properties)
    }
  }
  const groupParts = Array.from(groups, ([identifier, what]): NewPart => {
    return { subject: 'group', identifier, properties: JSON.stringify(what) }
  })
  if (user === undefined) return groupParts
  const userPart = {
    identifier: user,
    properties: JSON.stringify(merge(ofUser)),
    ...(joined.size > 0 && { groups: [...joined] })
  }
  return ofUser.length > 0 ? [userPart, ...groupParts] : [...groupParts, userPart]
}

function merge(results: readonly Mapped[]): Properties {
  return Object.assign(
    {},
    ...results.map(({ properties, nestedProperties }) => flattenProperties(properties ?? {}, nestedProperties))
  ) as Properties
}
