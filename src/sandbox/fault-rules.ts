import type { Faults } from './faults.js'

/** The longest delay of setTimeout; with a longer one it would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

interface Rule<T> {
  /** The name in `POST /__sandbox/faults`. */
  wire: string
  /** Completes "… must be …". */
  allowed: string
  check: (value: unknown) => value is T
}

const RULES: { [K in keyof Faults]: Rule<Faults[K]> } = {
  latencyMs: { wire: 'latency', allowed: 'milliseconds, 0 or more', check: numberWithin(0, LONGEST_TIMER_MS) },
  failRate: { wire: 'failRate', allowed: 'a number from 0 to 1', check: numberWithin(0, 1) },
  failStatus: { wire: 'failStatus', allowed: 'a status from 300 to 599', check: integerWithin(300, 599) },
  retryAfterS: {
    wire: 'retryAfter',
    allowed: 'whole seconds, 0 or more, or null for none',
    check: (value): value is number | null => value === null || integerWithin(0, Number.MAX_SAFE_INTEGER)(value)
  },
  rejectUsers: { wire: 'rejectUsers', allowed: 'an array of identifiers (strings)', check: isListOfTexts },
  rejectGroups: { wire: 'rejectGroups', allowed: 'an array of identifiers (strings)', check: isListOfTexts },
  strictProperties: {
    wire: 'strictProperties',
    allowed: 'true or false',
    check: (value): value is boolean => typeof value === 'boolean'
  },
  apiKey: {
    wire: 'apiKey',
    allowed: 'a non-empty string',
    check: (value): value is string => typeof value === 'string' && value !== ''
  },
  dropRate: { wire: 'dropRate', allowed: 'a number from 0 to 1', check: numberWithin(0, 1) },
  countOffset: {
    wire: 'countOffset',
    allowed: 'a whole number',
    check: integerWithin(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
  }
}

const NAMES: readonly (keyof Faults)[] = [
  'latencyMs',
  'failRate',
  'failStatus',
  'retryAfterS',
  'rejectUsers',
  'rejectGroups',
  'strictProperties',
  'apiKey',
  'dropRate',
  'countOffset'
]

/** Throws a `RangeError` that names the first fault whose value is not allowed. */
export function checkFaults(faults: Partial<Faults>): void {
  for (const name of NAMES) {
    if (name in faults && !RULES[name].check(faults[name])) {
      throw new RangeError(`${name} must be ${RULES[name].allowed}`)
    }
  }
}

/**
 * Reads the body of `POST /__sandbox/faults`. Throws a `RangeError` that says what is allowed, without repeating a
 * value.
 */
export function readFaults(body: unknown): Partial<Faults> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new RangeError(`the body must be an object with any of: ${wireNames()}`)
  }
  const faults: Partial<Faults> = {}
  for (const [wire, value] of Object.entries(body)) {
    const name = NAMES.find((candidate) => RULES[candidate].wire === wire)
    if (name === undefined) throw new RangeError(`there is no fault "${wire}"; allowed: ${wireNames()}`)
    take(faults, name, value)
  }
  return faults
}

function take<K extends keyof Faults>(faults: Partial<Faults>, name: K, value: unknown): void {
  const rule = RULES[name]
  if (!rule.check(value)) throw new RangeError(`${rule.wire} must be ${rule.allowed}`)
  faults[name] = value
}

function wireNames(): string {
  return NAMES.map((name) => RULES[name].wire).join(', ')
}

function isListOfTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function numberWithin(least: number, most: number): (value: unknown) => value is number {
  return (value): value is number => typeof value === 'number' && value >= least && value <= most
}

function integerWithin(least: number, most: number): (value: unknown) => value is number {
  return (value): value is number => Number.isInteger(value) && numberWithin(least, most)(value)
}
