import { IntegrationError, InvalidAuthenticationError } from '@segment/actions-core'
import type { Settings } from './generated-types'
import { DEFAULT_ENDPOINT } from './limits'
import { DOPT_USERS_API_GENERATION } from './versioning-info'
import type { Api } from './wire'

/** Where to send, and to which generation of the API. */
export interface Connection {
  /** The address of the users API, without a slash at its end. */
  endpoint: string
  api: Api
}

/**
 * The characters allowed in a header. Checked here, because the request client's own error repeats the value.
 */
const HEADER_VALUE = /^[\x20-\x7e]+$/

const BAD_ENDPOINT = `The Endpoint setting must be an http or https address without user name, query or fragment, such as ${DEFAULT_ENDPOINT}. Correct it in this destination's settings.`

const BAD_KEY = 'The API Key setting is empty or contains invalid characters. Copy the users API key from Dopt again.'

/**
 * Checks the settings. Throws `IntegrationError` or `InvalidAuthenticationError`, never with the key in the message.
 */
export function connect(settings: Settings): Connection {
  if (keyHeader(settings) === undefined) throw new InvalidAuthenticationError(BAD_KEY)
  return { endpoint: parseEndpoint(settings.endpoint), api: toApi(settings.api) }
}

/** The key for the header, without the white space that copying adds; `undefined` if it is not a valid header value. */
export function keyHeader({ apiKey }: Settings): string | undefined {
  const key = apiKey.trim()
  return HEADER_VALUE.test(key) ? key : undefined
}

function toApi(choice: string | undefined): Api {
  return choice === 'batch' || choice === 'bulk' ? choice : DOPT_USERS_API_GENERATION
}

function parseEndpoint(endpoint: string | undefined): string {
  const url = parseUrl(endpoint?.trim() || DEFAULT_ENDPOINT)
  if (
    url === undefined ||
    !['http:', 'https:'].includes(url.protocol) ||
    url.username ||
    url.password ||
    url.search ||
    url.hash
  ) {
    throw new IntegrationError(BAD_ENDPOINT, 'INVALID_ENDPOINT', 400)
  }
  return url.origin + url.pathname.replace(/\/+$/, '')
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
