import { MAX_QUOTED_LENGTH } from './limits'

/**
 * Dopt's own words about a refusal, `code: details`, fit for a message: one line, of limited length, without any of
 * `secrets`. `undefined` where the body of the answer has neither, as a proxy's page has.
 */
export function quoteError(body: string, secrets: Iterable<string>): string | undefined {
  const { code, details } = parseObject(body)
  const words = [code, details].filter((text) => typeof text === 'string' && text.trim() !== '').join(': ')
  if (words === '') return undefined
  // Secrets go first: cutting one in two would leave its beginning.
  const safe = redact(words, secrets).replace(/\s+/g, ' ').trim()
  return safe.length > MAX_QUOTED_LENGTH ? `${safe.slice(0, MAX_QUOTED_LENGTH)}…` : safe
}

/** The values in the text of a JSON object of properties, as `quoteError` takes them; nested JSON text is looked into. */
export function* valuesOf(properties: string): Generator<string> {
  for (const value of Object.values(parseObject(properties))) {
    if (typeof value === 'number') yield String(value)
    if (typeof value !== 'string') continue
    yield value
    // As it stands in JSON text, which an error may repeat.
    yield JSON.stringify(value).slice(1, -1)
    if (/^[[{]/.test(value)) for (const [token] of value.matchAll(JSON_TOKEN)) yield token.replace(/^"|"$/g, '')
  }
}

/** Every string and number in JSON text. */
const JSON_TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g

function redact(text: string, secrets: Iterable<string>): string {
  let safe = text
  for (const secret of [...new Set(secrets)].sort((a, b) => b.length - a.length)) {
    if (secret !== '' && safe.includes(secret)) safe = safe.replace(occurrencesOf(secret), '[value]')
  }
  return safe
}

/** A short text only where it stands alone: the value `pro` must not make `property` unreadable. */
function occurrencesOf(secret: string): RegExp {
  const literal = secret.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  if (secret.length >= DISTINCTIVE_LENGTH) return new RegExp(literal, 'gu')
  return new RegExp(`(?<![\\p{L}\\p{N}_])${literal}(?![\\p{L}\\p{N}_])`, 'gu')
}

const DISTINCTIVE_LENGTH = 6

/** An empty object for what is not the text of one. */
function parseObject(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {}
  } catch {
    return {}
  }
}
