import { readFileSync } from 'node:fs'
import { Command as Commander, Option } from 'commander'
import { logLevel } from './common-options.js'
import { Config } from './config.js'
import type { Command, CommandContext } from './command.js'
import { exitCodeOf, lineOf } from './errors.js'
import { EXIT } from './exit-codes.js'
import { Output } from './output.js'
import { printable } from './printable.js'
import type { AnySetting } from './setting.js'

const DESCRIPTION = `Sends Segment identify events to Dopt in bulk, durably.

Events are first written to a local store, then sent in calls of up to 100 users. A call is retried while Dopt is
unavailable, and its events are kept with Dopt's error if Dopt refuses it.`

const AFTER_HELP = `
Examples:
  $ dopt-destination sandbox &
  $ export DOPT_ENDPOINT=http://127.0.0.1:8788 DOPT_API_KEY=sandbox-key
  $ dopt-destination forward events.ndjson
  $ dopt-destination status

Flags take precedence over environment variables, and those over the config file
(--config, or dopt-destination.config.json if it exists).

Environment:
  DOPT_API_KEY    Dopt's users API key; prefer it to the flag, which is
                  visible in the process list
  DOPT_ENDPOINT   address of Dopt's users API (https://users.dopt.com)
  DOPT_API        generation of that API: bulk or batch (bulk)
  DOPT_STORE      the SQLite file that holds the events (./dopt-destination.db)
  NO_COLOR        turns colors off
  Each command's help names the other variables with its options.

Exit codes:
  0    done, and everything was delivered
  1    done, but something failed, was rejected or is undelivered
  2    wrong usage or configuration
  130  interrupted`

/** Runs the command line to its end and resolves to its exit code. Never rejects. */
export async function runProgram(
  commands: readonly Command[],
  argv: readonly string[],
  output = new Output()
): Promise<number> {
  let code: number = EXIT.done
  const known = commands.flatMap(({ settings, common }) => [...settings, ...common])
  const secretFlags = known.filter(({ secret }) => secret).map(({ flag }) => flag.split(' ', 1)[0] ?? flag)
  const program = new Commander('dopt-destination')
    .description(unwrap(DESCRIPTION))
    .version(readVersion(), '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .exitOverride()
    .configureOutput({ outputError: (message, write) => write(`${toOneLine(message, secretFlags)}\n`) })
    .addHelpText('after', AFTER_HELP)
  for (const command of commands) {
    register(program, command, async (flags, args) => {
      const loadConfig = (): Config => Config.load({ flags, env: process.env, known })
      code = await run(command, { args, output, loadConfig, wants: ({ key }) => flags[key] === true })
    })
  }
  try {
    await program.parseAsync(withoutHelpOfUnknown(argv, commands))
    return code
  } catch (error) {
    // Commander has printed the error. Help that was requested is no error; help printed because no command was given is.
    return hasExitCode(error) && error.exitCode === 0 ? EXIT.done : EXIT.usage
  }
}

function register(
  program: Commander,
  command: Command,
  action: (flags: Record<string, unknown>, args: readonly string[]) => Promise<void>
): void {
  const sub = program
    .command(command.name)
    .summary(command.summary)
    .description(unwrap(command.description))
    .addHelpText('after', `\nExamples:\n${command.examples}`)
  if (command.arguments !== undefined) sub.argument(command.arguments)
  for (const setting of command.settings.filter(isFlag)) sub.addOption(toOption(setting))
  sub.optionsGroup('Common options:')
  for (const setting of command.common.filter(isFlag)) sub.addOption(toOption(setting))
  sub.helpOption('-h, --help', 'show this help')
  sub.action(() => action(sub.opts(), sub.args))
}

/** `help NAME` with an unknown name is an error, as NAME alone would be. Commander would print the general help. */
function withoutHelpOfUnknown(argv: readonly string[], commands: readonly Command[]): string[] {
  const [node = '', script = '', first, name, ...rest] = argv
  const isOfUnknown = first === 'help' && name !== undefined && !['help', ...commands.map((c) => c.name)].includes(name)
  return isOfUnknown && !name.startsWith('-') ? [node, script, name, ...rest] : [...argv]
}

function isFlag({ fileOnly }: AnySetting): boolean {
  return fileOnly !== true
}

/** Also with commander's suggestion; without one, it says where the names are. */
function toOneLine(message: string, secretFlags: readonly string[]): string {
  const line = printable(withoutValue(message.trim().replace(/\s*\n\s*/g, ' '), secretFlags))
  return line.includes('Did you mean') ? line : `${line}: see --help`
}

/** A misspelt flag may carry a key: only its name is shown, or what can be told of it. */
function withoutValue(line: string, secretFlags: readonly string[]): string {
  const [, option = ''] = /unknown option '(.*)'/s.exec(line) ?? []
  const name = secretFlags.find((flag) => option.startsWith(flag)) ?? /^(?:--[\w-]*|-\w?)/.exec(option)?.[0] ?? ''
  return option === name ? line : line.replace(option, () => `${name}…`)
}

/** Makes each paragraph one line, which commander wraps to the width of the terminal. */
function unwrap(text: string): string {
  return text.replace(/(?<!\n)\n(?!\n)/g, ' ')
}

function toOption({ flag, help, env, defaultText, repeatable }: AnySetting): Option {
  const variable = env && repeatable ? `${env}, comma-separated` : env
  const notes = [defaultText && `default: ${defaultText}`, variable, repeatable && 'repeatable'].filter(Boolean)
  const option = new Option(flag, notes.length === 0 ? help : `${help} (${notes.join('; ')})`)
  return repeatable
    ? option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value])
    : option
}

async function run(command: Command, context: CommandContext): Promise<number> {
  try {
    return await command.run(context)
  } catch (error) {
    context.output.stopProgress()
    context.output.note(`error: ${lineOf(error)}`)
    if (error instanceof Error && wantsStack(context)) context.output.note(error.stack ?? '')
    return exitCodeOf(error)
  }
}

function wantsStack({ loadConfig }: CommandContext): boolean {
  try {
    return ['debug', 'trace'].includes(loadConfig().get(logLevel) ?? '')
  } catch {
    // The configuration itself is invalid.
    return false
  }
}

function hasExitCode(error: unknown): error is { exitCode: number } {
  return typeof error === 'object' && error !== null && 'exitCode' in error
}

function readVersion(): string {
  const parsed: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : 'unknown'
}
