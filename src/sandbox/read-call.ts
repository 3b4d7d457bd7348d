import { ApiError } from './api-error.js'
import type { Arrival } from './call-log.js'
import type { Properties } from './state.js'

/** One user or group to create or update. */
export interface Upsert {
  identifier: string
  properties: Properties
  /** A key of `properties` that is not a property. */
  omit?: string
}

/** A valid call. */
export interface Call {
  users: Upsert[]
  groups: Upsert[]
  memberships: Membership[]
  /** Whether the answer has a count. */
  many: boolean
}

/** A user that a call puts into a group. */
export interface Membership {
  user: string
  group: string
}

export interface ReadRules {
  /** Refuse objects and arrays as property values. */
  strictProperties: boolean
}

/**
 * Reads the JSON of a body, and adds its users and groups to `arrival`. Throws an `ApiError` (400) for an invalid call;
 * like Dopt's, the message does not say which user.
 */
export type ReadCall = (body: unknown, arrival: Arrival, rules: ReadRules) => Call

const MOST_USERS = 100
const BULK_KEY = '__dopt_identifier'

/** First generation, one user: the identifier is in the path, the body is the flat properties. */
export function readOneFlat(identifier: string): ReadCall {
  return (body, arrival, rules) => {
    arrival.size = 1
    checkIdentifier(identifier, 'the identifier in the path')
    arrival.identifiers.push(identifier)
    return { ...NOTHING, users: [{ identifier, properties: checkProperties(body, 'the body', rules) }], many: false }
  }
}

/** First generation, many users: flat property objects, each with `__dopt_identifier`. */
export const readManyFlat: ReadCall = (body, arrival, rules) => {
  const users = checkArray(body, arrival).map((entry): Upsert => {
    const properties = checkObject(entry, 'every user')
    const identifier = properties[BULK_KEY]
    if (identifier === undefined && properties.identifier !== undefined) {
      throw new ApiError(400, `a user has identifier instead of ${BULK_KEY}`)
    }
    checkIdentifier(identifier, BULK_KEY)
    arrival.identifiers.push(identifier)
    checkValues(properties, rules)
    return { identifier, properties, omit: BULK_KEY }
  })
  refuseRepeats(arrival)
  return { ...NOTHING, users, many: true }
}

/** Second generation, one user: `{ identifier, properties, groups? }`. */
export const readOne: ReadCall = (body, arrival, rules) => {
  const call: Call = { users: [], groups: [], memberships: [], many: false }
  arrival.size = 1
  readUser(body, call, arrival, rules)
  return call
}

/** Second generation, many users. */
export const readMany: ReadCall = (body, arrival, rules) => {
  const call: Call = { users: [], groups: [], memberships: [], many: true }
  for (const entry of checkArray(body, arrival)) readUser(entry, call, arrival, rules)
  refuseRepeats(arrival)
  return call
}

/** Second generation, a group: `{ identifier, properties }`, without users. */
export const readGroup: ReadCall = (body, arrival, rules) => {
  const entry = checkObject(body, 'the body')
  return { ...NOTHING, groups: [readGroupEntry(entry, arrival, rules)], many: false }
}

const NOTHING: Omit<Call, 'many'> = { users: [], groups: [], memberships: [] }

function readUser(value: unknown, call: Call, arrival: Arrival, rules: ReadRules): void {
  const entry = checkObject(value, 'every user')
  const user = entry.identifier
  checkIdentifier(user, 'identifier')
  arrival.identifiers.push(user)
  call.users.push(readEntry(entry, rules))
  if (entry.groups === undefined) return
  if (!Array.isArray(entry.groups)) throw new ApiError(400, 'groups must be an array')
  for (const value of entry.groups) {
    const group = readGroupEntry(checkObject(value, 'every group'), arrival, rules)
    call.groups.push(group)
    call.memberships.push({ user, group: group.identifier })
  }
}

function readGroupEntry(entry: Properties, arrival: Arrival, rules: ReadRules): Upsert {
  const group = readEntry(entry, rules)
  arrival.groups.push(group.identifier)
  return group
}

function readEntry({ identifier, properties }: Properties, rules: ReadRules): Upsert {
  checkIdentifier(identifier, 'identifier')
  return { identifier, properties: checkProperties(properties, 'properties', rules) }
}

function checkArray(body: unknown, arrival: Arrival): unknown[] {
  if (!Array.isArray(body)) throw new ApiError(400, 'the body must be an array of users')
  arrival.size = body.length
  if (body.length > MOST_USERS) {
    throw new ApiError(400, `a call may have at most ${MOST_USERS} users; this one has ${body.length}`)
  }
  return body
}

function checkProperties(value: unknown, what: string, rules: ReadRules): Properties {
  const properties = checkObject(value, what)
  checkValues(properties, rules)
  return properties
}

function checkValues(properties: Properties, rules: ReadRules): void {
  if (!rules.strictProperties) return
  for (const name in properties) {
    const value = properties[name]
    if (typeof value === 'object' && value !== null) {
      throw new ApiError(
        400,
        'a property must be a string, a number, a boolean or null: nested values are not accepted'
      )
    }
  }
}

function checkObject(value: unknown, what: string): Properties {
  if (!isObject(value)) throw new ApiError(400, `${what} must be an object`)
  return value
}

function isObject(value: unknown): value is Properties {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function checkIdentifier(value: unknown, what: string): asserts value is string {
  if (typeof value !== 'string' || value === '') {
    throw new ApiError(400, `${what} must be a non-empty string`)
  }
}

/** Dopt probably writes a call with one database statement, which cannot update a row twice. */
function refuseRepeats(arrival: Arrival): void {
  if (new Set(arrival.identifiers).size < arrival.identifiers.length) {
    throw new ApiError(400, 'a call may name each user only once; this one repeats a user')
  }
}
