import { REJECTED_FOR_DEPTH, REJECTED_FOR_ENCODING, REJECTED_FOR_SIZE } from './unpack.js'

/** How reasons begin, and their label in metrics: few and fixed, because each creates a time series. */
const KINDS = [
  [REJECTED_FOR_SIZE, 'too_large'],
  [REJECTED_FOR_DEPTH, 'too_deep'],
  [REJECTED_FOR_ENCODING, 'not_utf8'],
  ['not an object', 'not_an_object'],
  ['no type', 'no_type'],
  ['traits is', 'traits']
] as const

export const REJECTION_KINDS = [...KINDS.map(([, kind]) => kind), 'validation'] as const
export type RejectionKind = (typeof REJECTION_KINDS)[number]

export function kindOfRejection(reason: string): RejectionKind {
  return KINDS.find(([beginning]) => reason.startsWith(beginning))?.[1] ?? 'validation'
}
