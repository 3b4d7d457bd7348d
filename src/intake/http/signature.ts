import { createHmac, timingSafeEqual } from 'node:crypto'
import { firstElement } from './json-text.js'

/**
 * Whether `signature` is the hex HMAC-SHA1 of `text`, byte for byte; or of the text of its first event, if it is an
 * array.
 */
export function isSigned(
  text: Buffer,
  signature: string,
  secret: string,
  extent: 'all' | 'first event' = 'all'
): boolean {
  // Buffer.from would ignore anything after the last digit.
  if (!/^[\da-f]{40}$/i.test(signature)) return false
  const given = Buffer.from(signature, 'hex')
  const signed = extent === 'all' ? text : firstElement(text)
  if (signed === undefined) return false
  return timingSafeEqual(createHmac('sha1', secret).update(signed).digest(), given)
}
