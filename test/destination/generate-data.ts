import type { InputField } from '@segment/actions-core'

/** An event and settings made from the fields of an action: the same for the same seed, and of the fields' own types. */
export interface GeneratedData {
  /** A value for each field. */
  payload: Record<string, unknown>
  /** What the required fields need, and no more. */
  required: Record<string, unknown>
}

export function generateData(seed: string, fields: Record<string, InputField>): GeneratedData {
  const random = randomOf(seed)
  const payload = mapFields(fields, (field) => valueOf(field, random))
  return {
    payload,
    required: Object.fromEntries(Object.entries(payload).filter(([key]) => fields[key]?.required === true))
  }
}

function valueOf(field: InputField, random: () => number): unknown {
  const value = field.properties === undefined ? plainValue(field, random) : objectValue(field.properties, random)
  return field.multiple === true ? [value] : value
}

function objectValue(properties: NonNullable<InputField['properties']>, random: () => number): object {
  return mapFields(properties, (field) => plainValue(field, random))
}

function plainValue({ type, choices, minimum, maximum }: Partial<InputField>, random: () => number): unknown {
  const [choice] = choices ?? []
  if (choice !== undefined) return typeof choice === 'object' ? choice.value : choice
  if (type === 'number' || type === 'integer') {
    return (minimum ?? 0) + Math.floor(random() * ((maximum ?? 1000) - (minimum ?? 0)))
  }
  if (type === 'boolean') return random() < 0.5
  if (type !== 'object') return word(random)
  return {
    [word(random)]: word(random),
    number: Math.floor(random() * 1000),
    yes: random() < 0.5,
    nothing: null,
    nested: { [word(random)]: word(random), list: [word(random), 7] },
    at: new Date(Math.floor(random() * 2e12)).toISOString()
  }
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyzäß&%/? 0123456789'

function word(random: () => number): string {
  return Array.from({ length: 5 + Math.floor(random() * 10) }, () => {
    return LETTERS.charAt(Math.floor(random() * LETTERS.length))
  }).join('')
}

function mapFields<T, R>(fields: Record<string, T>, make: (field: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, make(field)]))
}

/** A small generator of chance, seeded with a text. */
function randomOf(seed: string): () => number {
  let state = Array.from(seed).reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), 7)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
