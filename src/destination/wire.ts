import { MAX_IDENTIFIER_PATH_LENGTH } from './limits'

/** The two generations of Dopt's users API: `bulk` is the first and the default. */
export type Api = 'bulk' | 'batch'

/** The key that carries the identity in a flat user of the bulk generation. No property may have this name. */
export const IDENTIFIER_KEY = '__dopt_identifier'

/** One group, alone in a call or as the group of a user. */
export interface GroupEntry {
  identifier: string
  /** The text of a JSON object as `JSON.stringify` writes it: `{"plan":"pro"}`. */
  properties: string
}

/** One user of a call. */
export interface UserEntry {
  identifier: string
  /** The text of a JSON object as `JSON.stringify` writes it, without the key `__dopt_identifier`: `{"plan":"pro"}`. */
  properties: string
  /** Groups that the user is put into, each only once. Must not be set for the bulk generation, which has no groups. */
  groups?: readonly GroupEntry[]
}

/** A `POST` to the endpoint: the path to append to its address, and the JSON text to send. */
export interface WireRequest {
  path: string
  body: string
}

const MANY_USERS_PATH: Readonly<Record<Api, string>> = { bulk: '/identify/bulk', batch: '/identify/batch' }

/** Identifiers that, as the last part of a path, would be another endpoint or be normalised away by URL parsers. */
const IDENTIFIERS_WITHOUT_PATH: ReadonlySet<string> = new Set(['', '.', '..', 'bulk', 'batch', 'segment', 'group'])

/** The path for many users; Dopt answers it with `{ "count": n }`. */
export function manyUsersPath(api: Api): string {
  return MANY_USERS_PATH[api]
}

/** One call for up to 100 users, each only once. Neither is checked. */
export function manyUsersRequest(api: Api, users: readonly UserEntry[]): WireRequest {
  return { path: manyUsersPath(api), body: `[${users.map((user) => entryText(api, user)).join(',')}]` }
}

/**
 * One call for one user. An identifier that cannot be in a path goes to the many-users endpoint, as a list of one;
 * compare `path` with `manyUsersPath(api)` to know which answer to expect.
 */
export function oneUserRequest(api: Api, user: UserEntry): WireRequest {
  if (api === 'batch') return { path: '/identify', body: entryText(api, user) }
  const encoded = encodeIdentifier(user.identifier)
  if (encoded === undefined) return manyUsersRequest(api, [user])
  return { path: `/identify/${encoded}`, body: user.properties }
}

/** One call for one group. The bulk generation has no such endpoint; this is not checked. */
export function groupRequest(group: GroupEntry): WireRequest {
  return { path: '/identify/group', body: groupText(group) }
}

/**
 * A call that changes nothing: 401 or 403 means that the key was refused, any other answer below 500 that it was
 * accepted.
 */
export function checkKeyRequest(api: Api): WireRequest {
  return { path: manyUsersPath(api), body: '[]' }
}

/**
 * The number of users that Dopt says it accepted, from the body of its answer, parsed or as text. `undefined` if the
 * answer does not say so in the documented form: the result is then unknown.
 */
export function parseCount(body: unknown): number | undefined {
  const parsed = typeof body === 'string' ? parseJson(body) : body
  if (typeof parsed !== 'object' || parsed === null || !('count' in parsed)) return undefined
  const { count } = parsed
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : undefined
}

/** How many bytes a many-users body is longer than the sum of its users' `entryBytes`: two brackets, one comma less. */
export const BODY_FRAME_BYTES = 1

/** The size of a user in the body of a many-users call, in bytes, including a comma. */
export function entryBytes(api: Api, user: UserEntry): number {
  return Buffer.byteLength(entryText(api, user)) + 1
}

/** The text of the properties is inserted as it is, rather than parsed and written again. */
function entryText(api: Api, { identifier, properties, groups }: UserEntry): string {
  const id = JSON.stringify(identifier)
  if (api === 'batch') {
    const more = groups === undefined ? '' : `,"groups":[${groups.map(groupText).join(',')}]`
    return `{"identifier":${id},"properties":${properties}${more}}`
  }
  if (properties === '{}') return `{"${IDENTIFIER_KEY}":${id}}`
  return `{"${IDENTIFIER_KEY}":${id},${properties.slice(1)}`
}

function groupText({ identifier, properties }: GroupEntry): string {
  return `{"identifier":${JSON.stringify(identifier)},"properties":${properties}}`
}

function encodeIdentifier(identifier: string): string | undefined {
  if (IDENTIFIERS_WITHOUT_PATH.has(identifier.toLowerCase())) return undefined
  try {
    const encoded = encodeURIComponent(identifier)
    return encoded.length <= MAX_IDENTIFIER_PATH_LENGTH ? encoded : undefined
  } catch {
    // A lone surrogate has no UTF-8 form; JSON text can contain it as an escape.
    return undefined
  }
}

/** Undefined if the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
