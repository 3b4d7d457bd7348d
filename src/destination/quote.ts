import { MAX_QUOTED_LENGTH } from './limits'

/**
 * Dopt's error, `code: details`, ready for a message: one line of limited length, without any of `secrets`. `undefined`
 * if the body has neither, such as a proxy's page.
 */
export function quoteError(body: string, secrets: Iterable<string>): string | undefined {
  const { code, details } = parseObject(body)
  const words = [code, details].filter((text) => typeof text === 'string' && text.trim() !== '').join(': ')
  if (words === '') return undefined
  // Secrets are removed first: cutting the text inside one would leave its beginning.
  const safe = redact(words, secrets).replace(/\s+/g, ' ').trim()
  return safe.length > MAX_QUOTED_LENGTH ? `${safe.slice(0, MAX_QUOTED_LENGTH)}…` : safe
}

/**
 * The values in the JSON text of properties, to pass to `quoteError`, including those in nested JSON text.
 */
export function* valuesOf(properties: string): Generator<string> {
  for (const value of Object.values(parseObject(properties))) {
    if (typeof value === 'number') yield String(value)
    if (typeof value !== 'string') continue
    yield value
    // As it is written in JSON text, which an error may repeat.
    yield JSON.stringify(value).slice(1, -1)
    if (/^[[{]/.test(value)) for (const [token] of value.matchAll(JSON_TOKEN)) yield token.replace(/^"|"$/g, '')
  }
}

/** Every string and number in JSON text. A string without an end goes to the end: looking for it takes time. */
const JSON_TOKEN = /"(?:[^"\\]|\\.?)*(?:"|$)|-?\d[\d.eE+-]*/gs

function redact(text: string, secrets: Iterable<string>): string {
  let safe = text
  for (const secret of [...new Set(secrets)].sort((a, b) => b.length - a.length)) {
    if (secret !== '' && safe.includes(secret)) safe = safe.replace(occurrencesOf(secret), '[value]')
  }
  return safe
}

/** A short value is matched only as a whole word: the value `pro` must not make `property` unreadable. */
function occurrencesOf(secret: string): RegExp {
  const literal = secret.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  if (secret.length >= DISTINCTIVE_LENGTH) return new RegExp(literal, 'gu')
  return new RegExp(`(?<![\\p{L}\\p{N}_])${literal}(?![\\p{L}\\p{N}_])`, 'gu')
}

const DISTINCTIVE_LENGTH = 6

/** An empty object if the text is not that of a JSON object. */
function parseObject(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {}
  } catch {
    return {}
  }
}
