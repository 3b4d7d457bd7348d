import type { Subject } from './store.js'

/**
 * A 52-bit hash of a text (two FNV-1a runs over its UTF-16 code units, mixed): an exact integer in JavaScript, and
 * small in an index. Hashes can collide: after finding a row by its key, compare the text itself.
 */
export function textKey(text: string): number {
  let low = 0x811c9dc5
  let high = 0x9747b28c
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    low = Math.imul(low ^ unit, 0x01000193)
    high = Math.imul(high ^ unit, 0x85ebca6b) ^ (high >>> 15)
  }
  low ^= low >>> 16
  low = Math.imul(low, 0x7feb352d)
  low ^= low >>> 15
  return (high >>> 12) * 0x100000000 + (low >>> 0)
}

/** A user's key is 0 or more, a group's is negative. */
export function subjectKey(subject: Subject, identifier: string): number {
  const key = textKey(identifier)
  return subject === 'user' ? key : -Math.max(1, key)
}

export function subjectOf(key: number): Subject {
  return key < 0 ? 'group' : 'user'
}
