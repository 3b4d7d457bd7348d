import type { Config } from './config.js'
import type { ExitCode } from './exit-codes.js'
import type { Output } from './output.js'
import type { AnySetting, Setting } from './setting.js'

/** One command. It loads what it needs when it runs, so that help and the reading commands start at once. */
export interface Command {
  readonly name: string
  /** As commander takes them, such as `[file...]`. */
  readonly arguments?: string
  /** One line, for the list of commands. */
  readonly summary: string
  readonly description: string
  /** Its own settings. */
  readonly settings: readonly AnySetting[]
  /** Those that it shares with others. */
  readonly common: readonly AnySetting[]
  /** Shown below its options. */
  readonly examples: string
  /** Resolves to the exit code; what it throws becomes one line on standard error. */
  run(context: CommandContext): Promise<ExitCode>
}

export interface CommandContext {
  readonly args: readonly string[]
  readonly output: Output
  /** Whether a flag of this run was given; that needs no configuration. */
  readonly wants: (flag: Setting<boolean>) => boolean
  /** What was set for this run. Throws UsageError when the config file cannot be used. */
  readonly loadConfig: () => Config
}
