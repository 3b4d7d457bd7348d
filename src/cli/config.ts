import { existsSync, readFileSync } from 'node:fs'
import { systemCode } from '../system-code.js'
import { lineOf, UsageError } from './errors.js'
import { printable } from './printable.js'
import type { AnySetting, Setting } from './setting.js'
import type { Environment } from './terminal.js'

export const DEFAULT_CONFIG_FILE = 'dopt-destination.config.json'

/** Where a value came from. */
export type Source = 'flag' | 'environment' | 'file'

export interface ConfigSources {
  /** The flags as commander parsed them, by key. */
  flags: Readonly<Record<string, unknown>>
  env: Environment
  /** Every setting of every command. The config file may contain any of those with `inFile`. */
  known: readonly AnySetting[]
}

/**
 * The settings from flags, else from the environment, else from the config file. Defaults are applied where they are
 * used.
 */
export class Config {
  readonly #flags
  readonly #env
  readonly #known
  readonly #values: Readonly<Record<string, unknown>>

  private constructor(
    { flags, env, known }: ConfigSources,
    /** The config file, if there is one. */
    readonly file: string | undefined,
    values: Readonly<Record<string, unknown>>
  ) {
    this.#flags = flags
    this.#env = env
    this.#known = known
    this.#values = values
  }

  /** Reads the file that `--config` names, or the default one if it exists. Throws UsageError. */
  static load(sources: ConfigSources): Config {
    const named = sources.flags['config']
    if (typeof named === 'string') return new Config(sources, named, readConfigFile(named, sources.known))
    if (!existsSync(DEFAULT_CONFIG_FILE)) return new Config(sources, undefined, {})
    return new Config(sources, DEFAULT_CONFIG_FILE, readConfigFile(DEFAULT_CONFIG_FILE, sources.known))
  }

  /** Throws UsageError if the value is not allowed. */
  get<T>(setting: Setting<T>): T | undefined {
    const found = this.#find(setting)
    if (found === undefined) return undefined
    const { value, where } = found
    let parsed: T | undefined
    try {
      parsed = setting.parse(value)
    } catch (error) {
      throw new UsageError(`${where}: ${error instanceof Error ? error.message : `must be ${setting.allowed}`}`)
    }
    if (parsed !== undefined) return parsed
    throw new UsageError(`${where} must be ${setting.allowed}${setting.secret ? '' : `, not ${show(value)}`}`)
  }

  /** What is wrong with the settings that the config file may contain, of all commands: a line for each invalid one. */
  problems(): string[] {
    const problems = new Set<string>()
    for (const setting of this.#known.filter(({ inFile }) => inFile)) {
      try {
        this.get(setting)
      } catch (error) {
        problems.add(lineOf(error))
      }
    }
    return [...problems]
  }

  /** Variables that look like settings and are none, such as a misspelt one. */
  unknownVariables(): string[] {
    const known = new Set(this.#known.map(({ env }) => env))
    return Object.keys(this.#env).filter((name) => name.startsWith('DOPT_') && !known.has(name))
  }

  sourceOf(setting: AnySetting): Source | undefined {
    return this.#find(setting)?.source
  }

  #find(setting: AnySetting): { value: unknown; source: Source; where: string } | undefined {
    const { key, env, inFile, repeatable } = setting
    const fromFlag = this.#flags[key]
    if (fromFlag !== undefined) {
      return { value: fromFlag, source: 'flag', where: setting.flag.split(/[ ,]/, 1)[0] ?? key }
    }
    const fromEnv = env === undefined ? undefined : this.#env[env]
    // An empty variable is how compose files and CI systems say "not set".
    if (env !== undefined && fromEnv !== undefined && fromEnv !== '') {
      const value = repeatable === true ? fromEnv.split(',').map((one) => one.trim()) : fromEnv
      return { value, source: 'environment', where: env }
    }
    if (inFile && Object.hasOwn(this.#values, key)) {
      return { value: this.#values[key], source: 'file', where: `"${key}" in ${this.file}` }
    }
    return undefined
  }
}

function readConfigFile(file: string, known: readonly AnySetting[]): Record<string, unknown> {
  const values = parse(file, read(file))
  const names = [...new Set(known.filter(({ inFile }) => inFile).map(({ key }) => key))]
  const unknown = Object.keys(values).filter((key) => !names.includes(key))
  if (unknown.length > 0) {
    const listed = unknown.map((key) => `"${printable(key)}"`).join(', ')
    const noun = unknown.length === 1 ? 'setting' : 'settings'
    throw new UsageError(`${file}: unknown ${noun} ${listed}; the settings are ${names.sort().join(', ')}`)
  }
  return values
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const code = systemCode(error)
    const what =
      code === 'ENOENT' ? 'does not exist' : code === 'EISDIR' ? 'is a directory' : `cannot be read (${code})`
    throw new UsageError(`the config file ${file} ${what}: check --config`)
  }
}

function parse(file: string, content: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(content.replace(/^\ufeff/, ''))
  } catch (error) {
    // Not the parser's own message: it quotes the text, which may contain the key.
    throw new UsageError(
      `the config file ${file} is not valid JSON${placeOf(error, content)}: check its commas, quotes and brackets`
    )
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`the config file ${file} must contain one JSON object, such as {"batchSize": 100}`)
  }
  return { ...value }
}

/** V8 usually says at which position it stopped. */
function placeOf(error: unknown, content: string): string {
  const [, position] = /at position (\d+)/.exec(error instanceof Error ? error.message : '') ?? []
  return position === undefined ? '' : `, line ${content.slice(0, Number(position)).split('\n').length}`
}

function show(value: unknown): string {
  if (value === '') return '""'
  return printable(typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing')).slice(0, 100)
}
