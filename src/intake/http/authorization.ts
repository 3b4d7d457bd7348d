/** The token of an `Authorization: Bearer …`. */
export function bearerToken(header: string | undefined): string | undefined {
  return /^bearer +(\S+) *$/i.exec(header ?? '')?.[1]
}

/**
 * The user of an `Authorization: Basic …`, which is where SDKs put the write key; some leave out the colon behind it.
 */
export function basicUser(header: string | undefined): string | undefined {
  const encoded = /^basic +(\S+) *$/i.exec(header ?? '')?.[1]
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8').split(':', 1)[0]
}
