/** The text with the API key, in any encoding, replaced, so that the text may be shown and stored. */
export function redact(text: string, apiKey: string): string {
  if (apiKey === '') return text
  let redacted = text
  for (const form of new Set([apiKey, encodeURIComponent(apiKey), JSON.stringify(apiKey).slice(1, -1)])) {
    redacted = redacted.split(form).join('[redacted]')
  }
  return redacted
}
