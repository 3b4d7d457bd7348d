/** The token of an `Authorization: Bearer …`. */
export function bearerToken(header: string | undefined): string | undefined {
  return /^bearer +(\S+) *$/i.exec(header ?? '')?.[1]
}

/**
 * The user name of an `Authorization: Basic …`, where SDKs put the write key; some omit the colon after it.
 */
export function basicUser(header: string | undefined): string | undefined {
  const encoded = /^basic +(\S+) *$/i.exec(header ?? '')?.[1]
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8').split(':', 1)[0]
}
