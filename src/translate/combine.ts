import { flattenProperties } from '../destination/index.js'
import type { Captured, Mapped } from './capture.js'

/** Whether there is anything in it but white space. */
export function isIdentifier(identifier: string | undefined): identifier is string {
  return identifier !== undefined && identifier.trim() !== ''
}

/**
 * What two subscriptions make of one event, as one result: an event is one thing in the books. Where both name the same
 * user, the properties of both count, and of two values of one property that of the second. What one of them cannot map is not sent in part.
 */
export function combine(first: Captured, second: Captured): Captured {
  if (first.kind === 'invalid' || second.kind === 'not-subscribed') return first
  if (second.kind === 'invalid' || first.kind === 'not-subscribed') return second
  if (!isIdentifier(second.identifier)) return first
  if (!isIdentifier(first.identifier)) return second
  if (first.identifier !== second.identifier) {
    return { kind: 'invalid', reason: 'two subscriptions make different users of it: let only one of them ask for it' }
  }
  try {
    const properties = { ...flattened(first), ...flattened(second) }
    return { ...first, properties, timestamp: first.timestamp ?? second.timestamp }
  } catch (error) {
    return { kind: 'invalid', reason: `cannot be read (${error instanceof Error ? error.name : 'unknown error'})` }
  }
}

function flattened({ properties, nestedProperties }: Mapped): object {
  return flattenProperties(properties ?? {}, nestedProperties)
}
