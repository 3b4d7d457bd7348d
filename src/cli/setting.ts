import ms from 'ms'
import { oneOf } from '../one-of.js'
import { parseByteSize } from './byte-size.js'
import { parseDuration } from './duration.js'
import { parsePointInTime } from './when.js'

/**
 * One setting. Its name in the config file is `key`, which is also commander's name for the flag's value. Flags and the
 * environment give text, the file gives any JSON value; `parse` accepts both.
 */
export interface Setting<T> {
  readonly key: string
  /** In commander's syntax, such as `--batch-size <users>`. */
  readonly flag: string
  readonly env?: string
  readonly help: string
  /** The default, as the help shows it. */
  readonly defaultText?: string
  /** May be given several times; in the environment, separated by commas. */
  readonly repeatable?: boolean
  /** In the config file only, because it is too complex for a flag or the environment. */
  readonly fileOnly?: boolean
  /** Whether the config file may contain it. What concerns only one run is no configuration. */
  readonly inFile: boolean
  /** Its value is never printed, not even if it is invalid. */
  readonly secret?: boolean
  /** Completes "… must be …". */
  readonly allowed: string
  /** Returns undefined, or throws an error that says why, if the value is not allowed. */
  readonly parse: (value: unknown) => T | undefined
}

export type AnySetting = Setting<unknown>

type Description = Omit<AnySetting, 'parse' | 'allowed' | 'inFile'> & { inFile?: boolean }

function complete<T>(about: Description, allowed: string, parse: Setting<T>['parse']): Setting<T> {
  return { inFile: true, ...about, allowed, parse }
}

export function text(about: Description, allowed = 'non-empty text'): Setting<string> {
  return complete(about, allowed, (value) => (typeof value === 'string' && value !== '' ? value : undefined))
}

export function texts(about: Description): Setting<readonly string[]> {
  return complete({ ...about, repeatable: true }, 'text, or a list of text values', (value) => {
    const list: readonly unknown[] = Array.isArray(value) ? value : [value]
    return list.every((item) => typeof item === 'string') ? list : undefined
  })
}

export function choice<const T extends string>(about: Description, choices: readonly T[]): Setting<T> {
  return complete(about, oneOf(choices), (value) => choices.find((allowed) => allowed === value))
}

export function whole(about: Description, minimum: number, maximum: number): Setting<number> {
  return complete(about, `a whole number from ${minimum} to ${maximum}`, (value) =>
    within([minimum, maximum], numberOf(value))
  )
}

export function share(about: Description): Setting<number> {
  return complete(about, 'a number from 0 to 1', (value) => {
    const number = numberOf(value)
    return number !== undefined && number >= 0 && number <= 1 ? number : undefined
  })
}

type Range = readonly [minimum: number, maximum: number]
const ANY: Range = [0, Number.MAX_SAFE_INTEGER]

/** A duration with a unit. The value is in milliseconds. */
export function duration(about: Description, range: Range = ANY): Setting<number> {
  return complete(about, describe('a duration', range, ms, 'such as 30s, 2m, 72h or 7d'), (value) => {
    const isText = typeof value === 'string'
    return within(range, isText ? parseDuration(value) : value === 0 ? 0 : undefined)
  })
}

/** A duration that may also be a number of milliseconds. */
export function milliseconds(about: Description, range: Range): Setting<number> {
  return complete(about, `${describe('milliseconds', range, String, '')}, or a duration such as 2s`, (value) => {
    const number = numberOf(value)
    return within(range, number ?? (typeof value === 'string' ? parseDuration(value) : undefined))
  })
}

/** In bytes. */
export function byteSize(about: Description, range: Range = ANY): Setting<number> {
  return complete(about, describe('a size', range, String, 'such as 500mb or 2gb, or a number of bytes'), (value) =>
    within(range, typeof value === 'number' ? value : typeof value === 'string' ? parseByteSize(value) : undefined)
  )
}

/** For one run: never in the config file. */
export function flag(key: string, name: string, help: string): Setting<boolean> {
  return complete({ key, flag: name, help, inFile: false }, 'true or false', (value) =>
    typeof value === 'boolean' ? value : undefined
  )
}

function within([minimum, maximum]: Range, value: number | undefined): number | undefined {
  return value !== undefined && Number.isInteger(value) && value >= minimum && value <= maximum ? value : undefined
}

/** Describes what is allowed, with examples if there is no upper bound. */
function describe(
  kind: string,
  [minimum, maximum]: Range,
  format: (value: number) => string,
  examples: string
): string {
  if (maximum < Number.MAX_SAFE_INTEGER) return `${kind} from ${format(minimum)} to ${format(maximum)}`
  return minimum > 0 ? `${kind} above 0, ${examples}` : `${kind} ${examples}`
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : undefined
}

/** In epoch milliseconds. */
export function pointInTime(about: Description): Setting<number> {
  return complete(about, 'a time such as 2026-10-01T12:00:00Z, or how long ago it was, such as 24h', (value) =>
    typeof value === 'string' ? parsePointInTime(value, Date.now()) : undefined
  )
}

/** Any list; whoever reads it validates its items. */
export function fileList(key: string, help: string): Setting<readonly unknown[]> {
  return complete({ key, flag: '', help, fileOnly: true }, 'a list', (value) =>
    Array.isArray(value) ? value : undefined
  )
}
