import type { Config } from './config.js'
import type { ExitCode } from './exit-codes.js'
import type { Output } from './output.js'
import type { AnySetting, Setting } from './setting.js'

/** One command. It loads what it needs only when it runs, so that help and the commands that only read start quickly. */
export interface Command {
  readonly name: string
  /** In commander's syntax, such as `[file...]`. */
  readonly arguments?: string
  /** One line, for the list of commands. */
  readonly summary: string
  readonly description: string
  /** Its own settings. */
  readonly settings: readonly AnySetting[]
  /** The settings that it shares with other commands. */
  readonly common: readonly AnySetting[]
  /** Shown below its options. */
  readonly examples: string
  /** Resolves to the exit code. An error that it throws is printed as one line on standard error. */
  run(context: CommandContext): Promise<ExitCode>
}

export interface CommandContext {
  readonly args: readonly string[]
  readonly output: Output
  /** Whether a flag was given. Needs no configuration, so it works when the config file is invalid. */
  readonly wants: (flag: Setting<boolean>) => boolean
  /** The settings of this run. Throws UsageError when the config file cannot be used. */
  readonly loadConfig: () => Config
}
