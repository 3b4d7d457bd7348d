/** A shorter one, such as `x` or `wrong`, is no key of Dopt's, and would be found in ordinary words. */
const SHORTEST_KEY = 6

/** The text with the API key, in any encoding, replaced, so that the text may be shown and stored. */
export function redact(text: string, apiKey: string): string {
  if (apiKey.length < SHORTEST_KEY) return text
  let redacted = text
  for (const form of new Set([apiKey, encodeURIComponent(apiKey), JSON.stringify(apiKey).slice(1, -1)])) {
    redacted = redacted.split(form).join('[redacted]')
  }
  return redacted
}
